Feature: Agents keep out of each other's way
  What is no item can be held too: a lock has a name that all agree on, one holder at a time, and a fence that rises.
  Items say what they write: the next one is given out where nobody else is writing, and what is exclusive waits.

  Scenario: One agent at a time has a lock
    When "zoe" takes the lock "schema"
    Then the lock is under fence 1
    When "max" takes the lock "schema"
    Then it is refused with exit code 3 and "held"
    And the answer names "zoe" as "holder"
    When "zoe" gives the lock "schema" under fence 1 back
    And "max" takes the lock "schema"
    Then the lock is under fence 2
    When "zoe" renews the lock "schema" under fence 1
    Then it is refused with exit code 5 and "lease_lost"
    And the answer names "max" as "holder"
    When "zoe" gives the lock "schema" under fence 2 back
    Then it is refused with exit code 5 and "lease_lost"

  Scenario: Whoever waits for a lock gets it when its holder's time is over
    When "zoe" takes the lock "schema" with "--ttl 1s"
    And "max" takes the lock "schema" with "--wait 1m"
    Then the lock is under fence 2

  Scenario: Whoever waited in vain is told so
    When "zoe" takes the lock "schema" with "--ttl 1h"
    And "max" takes the lock "schema" with "--wait 10ms"
    Then it is refused with exit code 4 and "still_held"
    When an operator does "lock list"
    Then 1 lock is held

  Scenario: The same key takes a lock once
    When "zoe" takes the lock "schema" with "--key lock-7"
    And the same is asked again
    Then the lock is under fence 1

  Scenario: Whoever takes an item is told who else is writing the same
    Given the item "Fix the parser" with "--writes src/parser/**"
    And the item "Rename it all" with "--writes src/** --writes docs/*.md"
    When "zoe" claims "Fix the parser"
    And "max" claims "Rename it all"
    Then "zoe" is in conflict with it, writing "src/parser/**"

  Scenario: The next item is one that nobody else is writing at
    Given the item "Fix the parser" with "--writes src/parser/**"
    And the item "Fix the parser too" with "--writes src/parser/lexer.rs"
    And the item "Write the docs" with "--writes docs/**"
    When "zoe" asks for work
    Then it gets "Fix the parser"
    When "max" asks for work
    Then it gets "Write the docs"
    When "bob" asks for work
    Then it gets "Fix the parser too"
    And "zoe" is in conflict with it, writing "src/parser/**"

  Scenario: What is exclusive waits for others, and others for it
    Given the item "Fix the parser" with "--writes src/parser.rs"
    And the item "Rename it all" with "--writes src/** --exclusive"
    And the item "Fix the lexer" with "--writes src/lexer.rs"
    When "zoe" claims "Fix the parser"
    And "max" claims "Rename it all"
    Then it is refused with exit code 3 and "overlap"
    And the answer names "zoe" as "holder"
    When "zoe" reports "Fix the parser"
    And "max" asks for work
    Then it gets "Rename it all"
    When "bob" asks for work
    Then no work is given out
    When "bob" claims "Fix the lexer"
    Then it is refused with exit code 3 and "overlap"

  Scenario: A holder can say more about what it writes
    Given the item "Fix the parser"
    And the item "Fix the lexer"
    When "zoe" claims "Fix the parser" writing "src/**"
    And "max" claims "Fix the lexer" writing "src/lexer.rs"
    Then "zoe" is in conflict with it, writing "src/**"

  Scenario: Patterns that explode are refused
    When an operator does "work add x --writes {a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}"
    Then it is refused with exit code 2 and "malformed"
    And the message says "braces"

  Scenario: Whoever asks for work can say what it is going to write
    Given the item "Fix the parser" with "--writes src/parser.rs"
    And the item "Fix the lexer"
    And the item "Write it down"
    When "zoe" claims "Fix the parser"
    And "max" asks for work with "--writes src/** --exclusive"
    Then no work is given out
    When "bob" asks for work with "--writes docs/** --exclusive"
    Then it gets "Fix the lexer"
    When "max" asks for work with "--writes src/**"
    Then it gets "Write it down"
    And "zoe" is in conflict with it, writing "src/parser.rs"
    When an operator does "work next --agent zoe --exclusive"
    Then it is refused with exit code 2 and "usage"
    When an operator does "work next --agent zoe --writes {a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}"
    Then it is refused with exit code 2 and "malformed"
