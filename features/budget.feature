Feature: What agents may spend is said before, and what they spent is seen after
  An account has limits on tokens, money, time and attempts. What is spent on an item counts for the item, its run, the
  project and all projects of the store.

  Scenario: A limit is set, shown and taken away
    When an operator does "budget set project --tokens 1000 --usd 2.50"
    Then the limit on "tokens" is "1000"
    And the limit on "usd_micros" is "2500000"
    When an operator does "budget set project --no-limit tokens"
    Then the limit on "tokens" is "null"
    And the limit on "usd_micros" is "2500000"
    When an operator does "budget show project"
    Then 1 account is shown
    When an operator does "events"
    Then the log has "budget.set" of "project"

  Scenario: The same key sets a limit once
    When an operator does "budget set org --attempts 3 --key one"
    And an operator does "budget set org --attempts 5"
    And an operator does "budget set org --attempts 3 --key one"
    And an operator does "budget show org"
    Then its limit on "attempts" is "5"

  Scenario: What is no account, no amount and no limit is refused
    When an operator does "budget set planet --tokens 1"
    Then it is refused with exit code 2 and "usage"
    When an operator does "budget set org --usd 1.2345678"
    Then it is refused with exit code 2 and "usage"
    When an operator does "budget set org"
    Then it is refused with exit code 2 and "malformed"

  Scenario: Where nothing was called there is nothing to see
    When an operator does "budget history --by item"
    Then there is nothing to see
    When an operator does "budget reset anthropic:1"
    Then it was in no trouble
