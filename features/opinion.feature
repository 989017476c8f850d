Feature: A model's opinion beside what the rules say
  A model is asked only when somebody says which. What it says has to fit its form, names only what there is, and is never
  put in the place of what the rules say.

  Scenario: A model's opinion stands beside what the rules say, and is followed only by name
    Given the item "Fix the parser"
    And the agent "zoe" is registered with "--role Developer"
    And the agent "max" is registered with "--role Developer"
    And a model that would give "Fix the parser" to "zoe"
    When the model is asked about "assignments --apply --dry-run"
    Then the advice was given by rules, with an opinion beside it
    And the log has 0 entries "work.assigned"
    When the model is asked about "assignments --apply-opinion"
    Then the log has 1 entries "work.assigned"

  Scenario: What a model invents is no opinion
    Given the item "Fix the parser"
    And a model that would give "Fix the parser" to "nobody"
    When the model is asked about "assignments"
    Then the advice was given by rules, as the answer of the model did not fit
