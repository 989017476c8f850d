Feature: Sessions, memory and hand-off
  An agent that begins is told which role is needed and why, what there is to do, and what others have left. What it
  learns outlives it.

  Scenario: The role follows from how the project stands
    When zoe begins
    Then the role is PM because "nothing has been asked for yet"
    Given the item Wanted of type requirements
    When zoe ends
    And somebody finishes Wanted
    And max begins
    Then the role is Architect because "requirements: complete"
    Given the item Cut of type architecture
    And the item Make of type task
    When somebody finishes Cut
    And ida begins
    Then the role is Developer because "architecture: complete"
    When somebody finishes Make
    And leo begins
    Then the role is QA because "implementation: complete"
    Given the item Try of type test
    When somebody finishes Try
    And eva begins
    Then the role is DevOps because "testing: complete"
    Given the item Stuck of type test
    When an operator blocks Stuck because "it rains"
    And jan begins
    Then the role is Developer because "nothing else can go on"

  Scenario: Otherwise roles take turns, those that work waits for first
    Given the item Make of type task
    And the item Try of type test
    When zoe begins
    Then the role is Developer because "it is its turn"
    When max begins
    Then the role is QA because "it is its turn"
    When ida begins
    Then the role is Developer because "one open session has it"

  Scenario: A role that is asked for is given, and messages to it arrive
    When zoe begins as qa
    Then the role is QA because "asked for"
    When max tells "--to-role QA": "Ready to be tried"
    Then zoe has 1 message, of which 1 is unread
    When ida begins as Sekurity
    Then it is refused with exit code 1 and not_found
    Given the agent leo is registered with "--role Sekurity"
    When ida begins as sekurity
    Then the role is Sekurity because "asked for"

  Scenario: An agent has one open session
    When zoe begins
    And zoe begins
    Then it is refused with exit code 3 and session_open
    When zoe ends
    And zoe begins
    Then the role is PM because "nothing has been asked for yet"

  Scenario: Whoever begins sees what it could take, what it holds and what it was sent
    Given the item One of type task
    And the item Two of type task
    And the agent zoe is registered with "--role Developer"
    When zoe claims One
    And max tells "--to zoe": "The parser is yours"
    And zoe begins
    Then the session shows Two to take, One in hand and 1 message

  Scenario: A second agent goes on where the first stopped
    Given the item Make of type task
    When zoe begins
    And zoe claims Make
    And zoe remembers "the parser wants tabs" about Make
    And zoe ends with "half of it" done and "the other half" next
    Then what zoe left says "half of it" and "the other half"
    And what zoe left names Make as leased and 1 note
    When max begins from what zoe left
    Then what was loaded is what zoe left, marked as data

  Scenario: What was left last is shown to whoever comes next
    When zoe begins as qa
    And zoe ends with "tried it" done and "fix it" next
    And max begins as qa
    Then what zoe left is shown

  Scenario: Notes about what comes next are shown to whoever begins
    Given the item Make of type task
    And the item "Try the parser" of type test
    When zoe remembers "Ask ida first" about Make
    And zoe remembers "Parsers hate tabs"
    And zoe remembers "It rained on Monday"
    And max begins
    Then the session remembers "Ask ida first"
    And the session remembers 1 note

  Scenario: Notes are found by their words, and forgotten when somebody says so
    When zoe remembers "Der Parser will TABS"
    And max remembers "Tabs cost the build server an hour"
    Then a search for tabs finds 2 notes, first "Tabs cost the build server an hour"
    And a search for "parser tabs" finds 2 notes, first "Der Parser will TABS"
    And a search for spaces finds 0 notes
    When somebody forgets "Der Parser will TABS"
    Then a search for parser finds 0 notes
    When somebody forgets "Der Parser will TABS"
    Then it is refused with exit code 1 and not_found
    And the log says memory.removed of "Der Parser will TABS" once

  Scenario: What ended stays ended
    When zoe begins
    And zoe ends with "all" done and "nothing" next
    And somebody ends the session of zoe again
    Then it is refused with exit code 3 and session_ended
    When zoe ends
    Then it is refused with exit code 1 and not_found
    And the log says session.ended of "the session of zoe" once
