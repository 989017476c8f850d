Feature: Work is done by one agent at a time
  An item goes to exactly one agent, under a lease with a fence, and is finished once. Whatever happens to the agent,
  the item is always in somebody's hands or back in the queue.

  Scenario: An agent takes an item and finishes it
    Given the item "Fix the parser"
    When "zoe" claims "Fix the parser"
    Then "zoe" holds "Fix the parser" under fence 1
    When "zoe" says that "Fix the parser" is 40 percent done
    Then "Fix the parser" is at 40 percent
    When "zoe" reports "Fix the parser" with the result "all green"
    Then "Fix the parser" is done, reported
    And the result of "Fix the parser" is "all green"

  Scenario: Who comes second is told who was first
    Given the item "Fix the parser"
    When "zoe" claims "Fix the parser"
    And "max" claims "Fix the parser"
    Then it is refused with exit code 3 and "held"
    And the answer names "zoe" as "holder"
    When "zoe" claims "Fix the parser"
    Then it is refused with exit code 3 and "held"

  Scenario: A lease that is not renewed lapses, and another agent goes on
    Given the item "Fix the parser"
    When "zoe" claims "Fix the parser" for "1s"
    And "max" asks for work until there is some
    Then it gets "Fix the parser"
    And "max" holds "Fix the parser" under fence 2
    And "Fix the parser" has used 2 of 3 attempts

  Scenario: Whoever lost the lease can do nothing more to the item
    Given the item "Fix the parser"
    When "zoe" claims "Fix the parser" for "1s"
    And "max" asks for work until there is some
    And "zoe" renews "Fix the parser"
    Then it is refused with exit code 5 and "lease_lost"
    And the answer names "max" as "holder"
    When "zoe" says that "Fix the parser" is 90 percent done
    Then it is refused with exit code 5 and "lease_lost"
    When "zoe" reports "Fix the parser"
    Then it is refused with exit code 5 and "lease_lost"
    When "zoe" fails "Fix the parser" because "I give up"
    Then it is refused with exit code 5 and "lease_lost"
    When "zoe" releases "Fix the parser"
    Then it is refused with exit code 5 and "lease_lost"
    When "zoe" blocks "Fix the parser" because "of spite"
    Then it is refused with exit code 5 and "lease_lost"
    And "max" holds "Fix the parser" under fence 2

  Scenario: A lease that is renewed is kept
    Given the item "Fix the parser"
    And the item "Tell the time"
    When "zoe" claims "Fix the parser" for "1s"
    And "zoe" renews "Fix the parser"
    And "bob" claims "Tell the time" for "1s"
    And "max" asks for work until there is some
    Then it gets "Tell the time"
    And "zoe" holds "Fix the parser" under fence 1

  Scenario: Whoever waits for work gets what comes due, and nothing when the wait is over
    Given the item "Fix the parser" with "--delay 1s"
    When "zoe" asks for work with "--wait 1m"
    Then it gets "Fix the parser"
    When "max" asks for work with "--wait 50ms"
    Then no work is given out

  Scenario: Failing counts, and the next agent is told why
    Given the item "Fix the parser"
    When "zoe" claims "Fix the parser"
    And "zoe" fails "Fix the parser" because "the grammar is missing"
    Then "Fix the parser" is ready
    And "Fix the parser" has used 1 of 3 attempts
    And whoever takes "Fix the parser" next is told "the grammar is missing"

  Scenario: An item that fails again and again dies, until an operator gives it new attempts
    Given the item "Fix the parser"
    When "zoe" fails "Fix the parser" 3 times
    Then "Fix the parser" is dead
    And the reason of "Fix the parser" says "it does not work"
    When "zoe" claims "Fix the parser"
    Then it is refused with exit code 3 and "finished"
    When an operator requeues "Fix the parser"
    Then "Fix the parser" is ready
    And "Fix the parser" has used 0 of 3 attempts

  Scenario: Giving an item back does not count as an attempt
    Given the item "Fix the parser"
    When "zoe" claims "Fix the parser"
    And "zoe" releases "Fix the parser"
    Then "Fix the parser" is ready
    And "Fix the parser" has used 0 of 3 attempts
    When "max" claims "Fix the parser"
    Then "max" holds "Fix the parser" under fence 2

  Scenario: An item waits for what it depends on
    Given the item "Design the grammar"
    And the item "Fix the parser" that needs "Design the grammar"
    Then "Fix the parser" is pending
    When "zoe" claims "Fix the parser"
    Then it is refused with exit code 3 and "wrong_state"
    When "zoe" claims "Design the grammar"
    And "zoe" reports "Design the grammar"
    Then "Fix the parser" is ready

  Scenario: An item with a delay comes when its time has come
    Given the item "Try again later" with "--delay 1s"
    Then "Try again later" is pending
    When "zoe" asks for work until there is some
    Then it gets "Try again later"

  Scenario: An item with a long delay does not come
    Given the item "Next week" with "--delay 7d"
    When "zoe" asks for work
    Then no work is given out

  Scenario: A blocked item is nobody's until it is unblocked
    Given the item "Fix the parser"
    When an operator blocks "Fix the parser" because "the grammar is not decided"
    Then "Fix the parser" is blocked
    And the reason of "Fix the parser" says "the grammar is not decided"
    When "zoe" asks for work
    Then no work is given out
    When an operator unblocks "Fix the parser"
    And "zoe" asks for work
    Then it gets "Fix the parser"

  Scenario: A held item can be blocked by its holder alone, and the attempt does not count
    Given the item "Fix the parser"
    When "zoe" claims "Fix the parser"
    And an operator blocks "Fix the parser" because "of a whim"
    Then it is refused with exit code 3 and "held"
    When "zoe" blocks "Fix the parser" because "the API is down"
    Then "Fix the parser" is blocked
    And "Fix the parser" has used 0 of 3 attempts

  Scenario: A cancelled item is over, for its holder too
    Given the item "Fix the parser"
    When "zoe" claims "Fix the parser"
    And an operator cancels "Fix the parser"
    Then "Fix the parser" is cancelled
    When "zoe" reports "Fix the parser"
    Then it is refused with exit code 5 and "lease_lost"
    When an operator cancels "Fix the parser"
    Then it is refused with exit code 3 and "finished"
    When an operator unblocks "Fix the parser"
    Then it is refused with exit code 3 and "finished"

  Scenario: The same request with the same key has one effect and one answer
    Given the item "Fix the parser"
    When "zoe" claims "Fix the parser" with the key "claim-7"
    And the same is asked again
    Then it gets "Fix the parser"
    And "zoe" holds "Fix the parser" under fence 1
    And "Fix the parser" had one claim
    When "zoe" reports "Fix the parser" with the key "report-7"
    And the same is asked again
    Then it gets "Fix the parser"
    And "Fix the parser" is done, reported

  Scenario: A key belongs to one request
    When this is added with the key "k1": "Fix the parser"
    And the same is asked again
    Then there is 1 item
    When this is added with the key "k1": "Fix the lexer"
    Then it is refused with exit code 3 and "key_reused"
    And there is 1 item

  Scenario: A backlog is imported with its dependencies, once
    When this backlog is imported
      """
      {"key":"docs","title":"Write the docs","depends_on":["parser"],"priority":"low"}
      {"key":"parser","title":"Fix the parser","priority":"high","labels":["core"]}
      """
    Then 2 items are in the backlog
    And "Write the docs" is pending
    And "Fix the parser" is ready
    When the same is asked again
    Then 2 items are in the backlog
    And there is 2 item

  Scenario: A backlog that goes in a circle is refused as a whole
    When this backlog is imported
      """
      {"key":"a","title":"The hen","depends_on":["b"]}
      {"key":"b","title":"The egg","depends_on":["a"]}
      {"key":"c","title":"The farm"}
      """
    Then it is refused with exit code 2 and "malformed"
    And the message says "circle"
    And there is 0 item

  Scenario: Urgent work goes first, and among equals the oldest
    Given the item "Low" with "--priority low"
    And the item "Medium, older"
    And the item "Medium, newer"
    And the item "Critical" with "--priority critical"
    And the item "High" with "--priority high"
    When "zoe" asks for work
    Then it gets "Critical"
    When "zoe" asks for work
    Then it gets "High"
    When "zoe" asks for work
    Then it gets "Medium, older"
    When "zoe" asks for work
    Then it gets "Medium, newer"
    When "zoe" asks for work
    Then it gets "Low"
    When "zoe" asks for work
    Then no work is given out

  Scenario: Work for a role or a team goes to that role or team
    Given the item "Review it" with "--role reviewer"
    And the item "Ship it" with "--team platform"
    When "zoe" asks for work with "--role developer --team product"
    Then no work is given out
    When "zoe" asks for work with "--role reviewer --team product"
    Then it gets "Review it"
    When "max" asks for work with "--team platform"
    Then it gets "Ship it"

  Scenario: Work that asks for a capability goes to an agent that has it
    Given the item "Port it" with "--capability rust --capability wasm"
    When "zoe" asks for work with "--capability rust"
    Then no work is given out
    When "zoe" asks for work with "--capability rust --capability wasm --capability go"
    Then it gets "Port it"

  Scenario: What an agent was registered for holds without saying it again
    Given the item "Review it" with "--role reviewer --capability rust"
    And the agent "zoe" is registered with "--role reviewer --capability rust"
    When "zoe" asks for work
    Then it gets "Review it"

  Scenario: An agent holds no more than its capacity
    Given the agent "zoe" is registered with "--capacity 1"
    And the item "One"
    And the item "Two"
    When "zoe" claims "One"
    And "zoe" claims "Two"
    Then it is refused with exit code 3 and "capacity"
    When "zoe" reports "One"
    And "zoe" claims "Two"
    Then "zoe" holds "Two" under fence 1

  Scenario: An item that failed waits before it is tried again
    Given the item "Ask the service" with "--retry-delay 1s --retry-cap 2s"
    When "zoe" claims "Ask the service"
    And "zoe" fails "Ask the service" because "no answer"
    Then "Ask the service" is pending
    When "max" asks for work until there is some
    Then it gets "Ask the service"
    And "Ask the service" has used 2 of 3 attempts

  Scenario: An item with a unique name is the only open one of that name
    Given the item "Clean up" with "--unique nightly"
    When this is added with the unique name "nightly": "Clean up again"
    Then it is refused with exit code 3 and "not_unique"
    And the answer names "nightly" as "name"
    When "zoe" claims "Clean up"
    And "zoe" reports "Clean up"
    And this is added with the unique name "nightly": "Clean up again"
    Then it gets "Clean up again"

  Scenario: Whoever adds an item that is like another is told so
    Given the item "Sort invoices by due date"
    And the item "Filter invoices by customer"
    When an operator adds "Invoices should be sorted by due date"
    Then it is like "Sort invoices by due date" alone
    When an operator adds "Encrypt the backups"
    Then it is like nothing

  Scenario: An item for a moment comes when that has come, and not before
    Given the item "For the next century" with "--at 2126-01-01T00:00:00+01:00"
    And the item "Overdue" with "--at 2020-01-01T00:00:00Z"
    Then "For the next century" is pending
    And "Overdue" is ready
    When an operator does "work add x --at tomorrow"
    Then it is refused with exit code 2 and "usage"
