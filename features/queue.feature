Feature: The queue can be held back, looked into, and emptied in numbers
  What a team or a service cannot bear is not given out. Whoever wonders why work is not given out is told so.

  Scenario: A team that is paused gets no work, and others do
    Given the item "Ship it" with "--team platform"
    And the item "Fix the parser"
    When an operator does "work pause --team platform --reason freeze"
    And "zoe" asks for work
    Then it gets "Fix the parser"
    When "zoe" asks for work
    Then no work is given out
    When "zoe" claims "Ship it"
    Then it is refused with exit code 3 and "paused"
    And the answer names "platform" as "name"
    And the message says "freeze"
    When an operator does "work resume --team platform"
    And "zoe" asks for work
    Then it gets "Ship it"

  Scenario: A paused project gives out nothing, and what is held goes on
    Given the item "Fix the parser"
    And the item "Write the docs"
    When "zoe" claims "Fix the parser"
    And an operator does "work pause"
    And "max" asks for work
    Then no work is given out
    When "zoe" reports "Fix the parser"
    Then "Fix the parser" is done, reported

  Scenario: No more items of a type are in flight than its limit
    Given the item "One" with "--type migration"
    And the item "Two" with "--type migration"
    And the item "Three"
    When an operator does "work limit --type migration 1"
    And "zoe" asks for work
    Then it gets "One"
    When "max" asks for work
    Then it gets "Three"
    When "max" claims "Two"
    Then it is refused with exit code 3 and "wip_limit"
    When "zoe" reports "One"
    And "max" claims "Two"
    Then "max" holds "Two" under fence 1

  Scenario: No more items of a rate key are given out in a time than its rate
    Given the item "One" with "--rate-key github"
    And the item "Two" with "--rate-key github"
    And the item "Three"
    When an operator does "work limit --rate github 1 --per 1d"
    And "zoe" asks for work
    Then it gets "One"
    When "zoe" asks for work
    Then it gets "Three"
    When "zoe" claims "Two"
    Then it is refused with exit code 3 and "rate_limited"
    When an operator does "work limit --rate github 0 --per 1d"
    And "zoe" claims "Two"
    Then "zoe" holds "Two" under fence 1

  Scenario: Many items are taken and reported at once
    Given the item "One"
    And the item "Two"
    And the item "Three"
    When "zoe" takes 2 items and reports them all
    Then "One" is done, reported
    And "Two" is done, reported
    And "Three" is ready
    When the same is asked again
    Then it is refused for each with "lease_lost"

  Scenario: Whoever wonders is told why an item is not given out
    Given the item "Design the grammar"
    And the item "Fix the parser" that needs "Design the grammar"
    When "zoe" asks why "Fix the parser" is not given out
    Then "dependency" is in the way, which says "Design the grammar"
    When "max" claims "Design the grammar"
    And "zoe" asks why "Design the grammar" is not given out
    Then "held" is in the way, which says "max"

  Scenario: Whoever wonders is told which item is next and what it steps over
    Given the item "Review it" with "--role reviewer --priority critical"
    And the item "Fix the parser"
    And the agent "zoe" is registered with "--role developer"
    When an operator does "work explain --agent zoe"
    Then "Fix the parser" is next, before which "role" keeps 1 item back

  Scenario: The longest chain of open items is found
    Given the item "Design"
    And the item "Build" that needs "Design"
    And the item "Ship" that needs "Build"
    And the item "Write the docs" that needs "Design"
    When an operator does "work graph"
    Then the critical path has 3 items by "count" and ends in "Ship"
