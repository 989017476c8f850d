Feature: Agents, roles and hand-off
  What one agent began another goes on with, and in between it is in nobody's hands for no moment.

  Scenario: Work goes from the PM to exactly one Architect, with all that was made
    Given the agent pia is registered with "--role PM"
    And the agent ari is registered with "--role Architect"
    And the agent art is registered with "--role Architect"
    And the item One
    When pia claims One
    And pia says that One is 40 percent done
    And pia hands One to the role Architect with "--artifact docs/requirements.md --context everything --note go"
    Then One is ready
    And One is for the role Architect
    And One has used 0 of 3 attempts
    And the hand-off of One names docs/requirements.md, everything and go
    And the hand-off of One was at 40 percent
    When ari asks for work
    Then it gets One
    When art asks for work
    Then no work is given out

  Scenario: What is handed to a role goes ahead of all that waits
    Given the agent pia is registered with "--role PM"
    And the agent ari is registered with "--role Architect"
    And the item Late
    When pia claims Late
    Given the item Urgent with "--priority critical --role Architect"
    When pia hands Late to the role Architect with "--note go"
    And ari asks for work
    Then it gets Late

  Scenario: From hand to hand, the giver's fence is over at once
    Given the agent pia is registered with "--role PM"
    And the agent dev is registered with "--role Developer"
    And the item One
    When pia claims One
    And pia hands One to dev with "--note go"
    Then dev holds One under fence 2
    And One has used 1 of 3 attempts
    And dev has 1 message, of which 1 is unread
    When pia reports One
    Then it is refused with exit code 5 and lease_lost
    When dev reports One
    Then One is done, reported

  Scenario: A hand-off under an old fence is refused
    Given the agent dev is registered with "--role Developer"
    And the item One
    When zoe claims One
    And zoe releases One
    And zoe hands One to dev with "--note go"
    Then it is refused with exit code 5 and lease_lost
    And One is ready

  Scenario: A receiver that nobody knows gets nothing, and the giver keeps it
    Given the item One
    When zoe claims One
    And zoe hands One to nobody with "--note go"
    Then it is refused with exit code 1 and not_found
    And zoe holds One under fence 1

  Scenario: A role that nobody has gets nothing unless somebody insists
    Given the item One
    When zoe claims One
    And zoe hands One to the role Architect with "--note go"
    Then it is refused with exit code 3 and no_agent_for_role
    And zoe holds One under fence 1
    When zoe hands One to the role Architect with "--anyway"
    Then One is for the role Architect

  Scenario: A receiver at its capacity gets nothing
    Given the agent dev is registered with "--role Developer --capacity 1"
    And the item One
    And the item Two
    When dev claims Two
    And zoe claims One
    And zoe hands One to dev with "--note go"
    Then it is refused with exit code 3 and capacity
    And zoe holds One under fence 1

  Scenario: The same hand-off asked twice is one
    Given the agent dev is registered with "--role Developer"
    And the item One
    When zoe claims One
    And zoe hands One to dev with "--key k1"
    And the same is asked again
    Then dev holds One under fence 2

  Scenario: An agent that drains takes nothing new and keeps what it holds
    Given the agent zoe is registered with "--role Developer"
    And the item One
    And the item Two
    When zoe claims One
    And the agent zoe is told to drain
    And zoe claims Two
    Then it is refused with exit code 3 and draining
    When zoe asks for work
    Then it is refused with exit code 3 and draining
    And zoe holds One under fence 1
    When zoe hands One to zoe with "--note x"
    Then it is refused with exit code 3 and draining
    When the agent zoe is told to resume
    And zoe claims Two
    Then zoe holds Two under fence 1

  Scenario: What an agent holds when it retires goes back to the others at once
    Given the agent zoe is registered with "--role Developer"
    And the item One
    And the item Two
    When zoe claims One
    And zoe claims Two
    And the agent zoe is told to retire
    Then One is ready
    And Two is ready
    And One has used 0 of 3 attempts
    And zoe is seen as gone
    When zoe reports One
    Then it is refused with exit code 5 and lease_lost
    When zoe claims Two
    Then it is refused with exit code 3 and retired
    Given the agent zoe is registered with "--role Developer"
    When zoe claims Two
    Then zoe holds Two under fence 2

  Scenario: Everybody can see what an agent is doing, and why it seems so
    Given the agent zoe is registered with "--role Developer"
    And the item One
    Then zoe is seen as idle
    When zoe claims One
    Then zoe is seen as working
    When zoe says that it waits for a person
    Then zoe is seen as blocked_on_human
    When zoe gives a sign of life
    Then zoe is seen as working

  Scenario: A record is computed from what happened, and says nothing where nothing did
    Given the agent zoe is registered with "--role Developer"
    And the item One
    And the item Two
    Then there is no data on zoe
    When zoe claims One
    And zoe reports One
    And zoe claims Two
    And zoe fails Two because "it does not work"
    Then zoe has completed 1 of 2
    And the log has no heartbeats

  Scenario: Each role that an item needs gets exactly one agent, or none gets any
    Given the agent dev is registered with "--role Developer"
    And the agent max is registered with "--role QA"
    And the agent mia is registered with "--role QA"
    And the item One with "--role QA"
    When an operator assigns One with "--role Developer --role QA"
    Then One is kept for dev and max
    When mia asks for work
    Then no work is given out
    When max asks for work
    Then it gets One
    Given the item Two with "--role QA"
    When an operator assigns Two with "--role QA --role Architect"
    Then it is refused with exit code 3 and no_agent_for_role
    When mia asks for work
    Then it gets Two

  Scenario: An agent is given what is kept for it before what came earlier
    Given the agent max is registered with "--role QA"
    And the item One with "--role QA"
    And the item Two with "--role QA"
    When an operator assigns Two with "--role QA"
    And max asks for work
    Then it gets Two

  Scenario: What an operator reassigns goes from hand to hand
    Given the agent dev is registered with "--role Developer"
    And the item One
    When zoe claims One
    And an operator reassigns One to dev
    Then dev holds One under fence 2
    When zoe reports One
    Then it is refused with exit code 5 and lease_lost

  Scenario: What is kept for an agent that drains goes to one that is there
    Given the agent max is registered with "--role QA"
    And the item One with "--role QA"
    When an operator assigns One with "--role QA"
    And the agent max is told to drain
    Given the agent mia is registered with "--role QA"
    When an operator evens out the load
    Then One went from max to mia
    When mia asks for work
    Then it gets One
