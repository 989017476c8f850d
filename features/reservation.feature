Feature: Agents keep out of each other's way
  What is no item can be held too: a lock has a name that all agree on, one holder at a time, and a fence that rises.

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
