Feature: Advice says what the facts say
  What should be done next is worked out by rules from what there is. Nothing is made up, and nothing is done unless it
  is asked for.

  Scenario: Without facts there are no figures
    When advice on "health" is asked for
    Then the advice has no "health_score"
    And the advice was given by rules, as no model was asked

  Scenario: The urgent comes first
    Given the item "Write the docs" with "--type docs --priority low"
    And the item "Fix the parser" with "--type bug --priority critical"
    When advice on "priorities" is asked for
    Then "bug" comes first in the advice

  Scenario: An item goes to the one agent that can do it
    Given the item "Fix the parser" with "--capability rust"
    And the agent "max" is registered with "--role Developer --capability docs"
    And the agent "zoe" is registered with "--role Developer --capability rust"
    When advice on "assignments" is asked for
    Then it advises to give "Fix the parser" to "zoe"
    And the log has 0 entries "work.assigned"
    When advice on "assignments --apply" is asked for
    Then 1 action was done
    And the log has 1 entries "work.assigned"

  Scenario: What died is looked into, once
    Given the item "Fix the parser" with "--type bug"
    When "zoe" fails "Fix the parser" 3 times
    And advice on "priorities --apply --dry-run" is asked for
    Then there are 1 items now
    When advice on "priorities --apply" is asked for
    Then 1 action was done
    And there are 2 items now
    When advice on "priorities --apply" is asked for
    Then 0 action was done

  Scenario: An agent is told what to do
    Given the item "Fix the parser"
    When advice on "recommend --agent zoe" is asked for
    Then it advises to "claim" "Fix the parser"
    When "zoe" claims "Fix the parser"
    And advice on "recommend --agent zoe" is asked for
    Then it advises to "continue" "Fix the parser"
