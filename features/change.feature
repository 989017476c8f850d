Feature: What agents make is checked and landed, and can be taken back
  An agent works in a worktree of its own. What it leaves there becomes a change; what passes the project's checks
  lands on the branch; what does not goes back with what is known. Nothing that was written is lost.

  Scenario: Without nexus.toml a change lands all the same, marked observed
    Given the item "Say hello"
    When "zoe" works on "Say hello"
    And "zoe" writes "hello" into "hello.txt" for "Say hello"
    And "zoe" reports "Say hello"
    Then "Say hello" is submitted
    When what waits is landed
    Then 1 change has landed and 0 went back
    And "Say hello" is done, observed
    And the branch holds "hello" in "hello.txt"

  Scenario: Work that changes no file is done as reported
    Given the item "Look at it"
    When "zoe" works on "Look at it"
    And "zoe" reports "Look at it"
    Then "Look at it" is done, reported

  Scenario: With checks that pass a change is verified, and receipts show it
    Given the project asks
      """
      [[check]]
      name = "greeting"
      run = "grep -q hello hello.txt"
      tools = ["git"]
      """
    When "zoe" does "Say hello" by writing "hello" into "hello.txt"
    And what waits is landed
    Then "Say hello" is done, verified
    And a receipt shows that "greeting" exited with 0 for "Say hello"

  Scenario: A check that fails sends the change back with what it printed
    Given the project asks
      """
      [[check]]
      name = "greeting"
      run = "echo 'expected a greeting' && grep -q hello hello.txt"
      """
    When "zoe" does "Say hello" by writing "good bye" into "hello.txt"
    And what waits is landed
    Then 0 changes have landed and 1 went back
    And "Say hello" is ready
    And "Say hello" has used 1 of 3 attempts
    And whoever takes "Say hello" next is told "expected a greeting"
    And the change for "Say hello" is rejected
    And the branch has no "hello.txt"

  Scenario: A change to a protected path is refused until another role approves it
    Given the file "tests/parser.txt" says
      """
      expect 1
      """
    And the project asks
      """
      protected = ["tests/**"]
      """
    When "zoe" does "Fix the test" by writing "expect 2" into "tests/parser.txt"
    And what waits is landed
    Then 0 changes have landed and 1 went back
    And the change for "Fix the test" is refused
    And whoever takes "Fix the test" next is told "tests/parser.txt"
    And the branch holds "expect 1" in "tests/parser.txt"
    When "max" as "reviewer" approves the change for "Fix the test"
    Then the change for "Fix the test" is queued
    And "Fix the test" is submitted
    When what waits is landed
    Then 1 change has landed and 0 went back
    And the branch holds "expect 2" in "tests/parser.txt"

  Scenario: Nobody approves their own change, nor one of their own role, nor from inside a run
    Given the agent "zoe" is registered with "--role developer"
    And the project asks
      """
      protected = ["*.lock"]
      """
    When "zoe" does "Update the lock" by writing "v2" into "deps.lock"
    And what waits is landed
    Then 0 changes have landed and 1 went back
    When "zoe" as "reviewer" approves the change for "Update the lock"
    Then it is refused with exit code 3 and "own_change"
    When "max" as "developer" approves the change for "Update the lock"
    Then it is refused with exit code 3 and "same_role"
    When "max" as "reviewer" approves the change for "Update the lock" from inside a run
    Then it is refused with exit code 3 and "inside_a_run"
    And the change for "Update the lock" is refused

  Scenario: The checks themselves are protected
    Given the project asks
      """
      [[check]]
      name = "never"
      run = "false"
      """
    When "zoe" does "Make it green" by writing "# nothing is asked" into "nexus.toml"
    And what waits is landed
    Then the change for "Make it green" is refused
    And 0 changes have landed and 1 went back
    When "max" as "reviewer" approves the change for "Make it green"
    And what waits is landed
    Then 1 change has landed and 0 went back
    And the branch holds "# nothing is asked" in "nexus.toml"

  Scenario: Two changes to the same line: the later one goes back with both versions, and lands once they are brought together
    Given the file "greeting.txt" says
      """
      hello
      """
    And the item "In French"
    And the item "In German"
    When "zoe" works on "In French"
    And "max" works on "In German"
    And "zoe" writes "bonjour" into "greeting.txt" for "In French"
    And "max" writes "guten Tag" into "greeting.txt" for "In German"
    And "zoe" reports "In French"
    And "max" reports "In German"
    And what waits is landed
    Then 1 change has landed and 1 went back
    And the branch holds "bonjour" in "greeting.txt"
    And "In German" is ready
    And whoever takes "In German" next is told "bonjour"
    And whoever takes "In German" next is told "guten Tag"
    When "max" works on "In German"
    And "max" writes "bonjour, guten Tag" into "greeting.txt" for "In German"
    And "max" reports "In German"
    And what waits is landed
    Then "In German" is done, observed
    And the branch holds "bonjour, guten Tag" in "greeting.txt"

  Scenario: Two changes to different places of one file both land
    Given the file "list.txt" says
      """
      one
      two
      three
      four
      five
      """
    And the item "Shout the first"
    And the item "Shout the last"
    When "zoe" works on "Shout the first"
    And "max" works on "Shout the last"
    And "zoe" writes into "list.txt" for "Shout the first"
      """
      ONE
      two
      three
      four
      five
      """
    And "max" writes into "list.txt" for "Shout the last"
      """
      one
      two
      three
      four
      FIVE
      """
    And "zoe" reports "Shout the first"
    And "max" reports "Shout the last"
    And what waits is landed
    Then 2 changes have landed and 0 went back
    And "Shout the first" is done, observed
    And "Shout the last" is done, observed

  Scenario: A landed change is taken back by one command, and its item is open again
    When "zoe" does "Say hello" by writing "hello" into "hello.txt"
    And what waits is landed
    Then the branch holds "hello" in "hello.txt"
    When the change for "Say hello" is taken back
    Then the branch has no "hello.txt"
    And the first change for "Say hello" is reverted
    And "Say hello" is ready
    When "max" works on "Say hello"
    And "max" writes "hello, world" into "hello.txt" for "Say hello"
    And "max" reports "Say hello"
    And what waits is landed
    Then the branch holds "hello, world" in "hello.txt"

  Scenario: The files of a checked-out branch move with it
    When "zoe" does "Say hello" by writing "hello" into "hello.txt"
    And what waits is landed
    Then the checkout holds "hello" in "hello.txt"

  Scenario: Changed files in the checkout are not overwritten; the landing waits and says which
    Given the file "greeting.txt" says
      """
      hello
      """
    And the operator has changed "greeting.txt" to "my own words" without a commit
    When "zoe" does "Be polite" by writing "good morning" into "greeting.txt"
    And what waits is landed
    Then the landing waits for "greeting.txt"
    And "Be polite" is submitted
    And the branch holds "hello" in "greeting.txt"
    When the operator undoes the changes to "greeting.txt"
    And what waits is landed
    Then 1 change has landed and 0 went back
    And the checkout holds "good morning" in "greeting.txt"

  Scenario: Of a batch, what breaks the checks goes back and the rest lands
    Given the project asks
      """
      [[check]]
      name = "no-bugs"
      run = "! grep -rq BUG src"
      """
    When "a1" does "One" by writing "fine" into "src/one.txt"
    And "a2" does "Two" by writing "a BUG" into "src/two.txt"
    And "a3" does "Three" by writing "fine" into "src/three.txt"
    And what waits is landed
    Then 2 changes have landed and 1 went back
    And "One" is done, verified
    And "Two" is ready
    And "Three" is done, verified

  Scenario: Changes that pass alone and break together are told apart
    Given the project asks
      """
      [[check]]
      name = "at-most-two"
      run = "test $(ls src | wc -l) -le 2"
      """
    When "a1" does "One" by writing "x" into "src/one.txt"
    And "a2" does "Two" by writing "x" into "src/two.txt"
    And "a3" does "Three" by writing "x" into "src/three.txt"
    And what waits is landed
    Then 2 changes have landed and 1 went back
    And "Three" is ready
    And whoever takes "Three" next is told "merged with main"

  Scenario: What an agent wrote before it failed is put away and can be brought back
    Given the item "Dig a tunnel" with "--attempts 1"
    When a run lets this agent do everything
      """
      mkdir -p deep && echo 'half a tunnel' > deep/tunnel.txt
      exit 7
      """
    Then the run did not end well
    And "Dig a tunnel" is dead
    And the reason of "Dig a tunnel" says "7"
    And a workspace of "Dig a tunnel" is quarantined
    And the branch has no "deep/tunnel.txt"
    When the first put-away workspace of "Dig a tunnel" is restored
    Then the restored folder holds "half a tunnel" in "deep/tunnel.txt"

  Scenario: A holder that gives up by itself loses nothing either
    Given the item "Dig a tunnel"
    When "zoe" works on "Dig a tunnel"
    And "zoe" writes "a quarter" into "tunnel.txt" for "Dig a tunnel"
    And "zoe" releases "Dig a tunnel"
    Then "Dig a tunnel" is ready
    And a workspace of "Dig a tunnel" is quarantined
    When the first put-away workspace of "Dig a tunnel" is restored
    Then the restored folder holds "a quarter" in "tunnel.txt"

  Scenario: A run takes a backlog from ready to landed
    Given the item "First"
    And the item "Second" that needs "First"
    When a run lets this agent do everything
      """
      echo "$NEXUS_WORK_ID" > "$NEXUS_WORK_ID.txt"
      """
    Then the run ended well
    And "First" is done, observed
    And "Second" is done, observed
