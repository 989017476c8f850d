Feature: Messages
  What one agent has to say reaches each of those it is for, and stays in sight until they say that they have seen it.

  Background:
    Given the agent zoe is registered with "--role Developer --team platform"
    And the agent max is registered with "--role QA --team platform"
    And the agent ida is registered with "--role QA --team mobile"

  Scenario: A message to one agent is in that inbox alone, until it is acknowledged
    When zoe tells "--to max": "The parser is yours"
    Then max has 1 message, of which 1 is unread
    And ida has 0 messages, of which 0 are unread
    When max opens "The parser is yours"
    Then max has 1 message, of which 0 are unread
    When max acknowledges "The parser is yours"
    Then max has 0 messages, of which 0 are unread
    And the log says message.acknowledged of "The parser is yours" once

  Scenario: A message to a role, a team or all reaches each who is registered then, but for the sender
    When zoe tells "--to-role QA": "Ready to be tried"
    And zoe tells "--to-team platform": "Stand-up in five minutes"
    And zoe tells "--to-all": "The build is broken"
    Then max has 3 messages, of which 3 are unread
    And ida has 2 messages, of which 2 are unread
    And zoe has 0 messages, of which 0 are unread

  Scenario: Whoever is registered later has not missed anything that was said to others
    When zoe tells "--to-role QA": "Ready to be tried"
    And the agent leo is registered with "--role QA"
    Then leo has 0 messages, of which 0 are unread

  Scenario: A message to nobody is refused
    When zoe tells "--to nobody": Hello
    Then it is refused with exit code 3 and no_recipient
    And the answer names nobody as to
    When zoe tells "--to-role Architect": Hello
    Then it is refused with exit code 3 and no_recipient
    When zoe tells "--to-team empty": Hello
    Then it is refused with exit code 3 and no_recipient
    When zoe tells "--to-role Developer": "Hello to myself"
    Then it is refused with exit code 3 and no_recipient

  Scenario: An answer in the thread acknowledges what it answers
    When zoe tells "--to max --ack-required": "Can you take the parser?"
    And max answers "Can you take the parser?" with Yes to zoe
    Then max has 0 messages, of which 0 are unread
    And zoe has 1 message, of which 1 is unread
    And the thread of "Can you take the parser?" has 2 messages

  Scenario: A class brings its urgency and its deadline
    When zoe tells "--to-team mobile --class dependency_coordination": "We wait for you"
    Then the message has priority high and is to be answered within 7200 seconds
    When zoe tells "--to-team mobile --class dependency_coordination --respond-within 5m": "We wait for you"
    Then the message has priority high and is to be answered within 300 seconds
    When zoe tells "--to-team mobile --class quality_gate_notifications": "The gate is shut"
    Then nobody needs to answer the message

  Scenario: A message as the holder of an item needs the current fence
    Given the item One
    When zoe claims One
    And zoe tells "max as the holder of One": "Nearly there"
    Then max has 1 message, of which 1 is unread
    When zoe releases One
    And zoe tells "max as the holder of One": "Nearly there, really"
    Then it is refused with exit code 5 and lease_lost
    And max has 1 message, of which 1 is unread

  Scenario: The same request is one message
    When zoe tells "--to max --key k1": Once
    And the same is asked again
    Then max has 1 message, of which 1 is unread

  Scenario: What nobody acknowledges goes to a role that can do something, and an acknowledgement there ends it
    Given the agent pia is registered with "--role PM"
    When zoe tells "--to max --class objective_risk_alerts": "We lose the objective"
    And somebody escalates what is due
    Then 1 thing went to the role PM
    And pia has 1 message, of which 1 is unread
    And max has 1 message, of which 1 is unread
    When pia acknowledges "We lose the objective"
    And somebody escalates what is due
    Then nothing was escalated
    And the log says message.escalated of "We lose the objective" once

  Scenario: Where nobody has the role, a person is told by the hook, and told once
    Given the hook writes to a file
    When zoe tells "--to max --respond-within 0s": "Is anybody there?"
    And somebody escalates what is due
    Then 1 thing went to a person
    And the person reads message.escalated and "Is anybody there?"
    When somebody escalates what is due
    Then nothing was escalated

  Scenario: An item that failed twice is heard of, with all that is known of it
    Given the agent pia is registered with "--role PM"
    And the item One
    When zoe fails One 2 times
    And somebody escalates what is due
    Then 1 thing went to the role PM
    And pia has 1 message, of which 1 is unread
    And the log says work.escalated of One once
