Feature: The log can be trusted, and says how work goes
  What happened is sealed into a chain. Whoever changes it afterwards is found out, with or without the store. How fast
  work goes is worked out from the same log, and where it says nothing there is no number.

  Scenario: What nobody touched is clean
    Given the item "Fix the parser"
    When the log is sealed
    And the log is verified
    Then nothing was tampered with
    And the ref "refs/nexus/audit" agrees

  Scenario: An export is verified without the store, and a changed event is named
    Given the item "Fix the parser"
    And the item "Fix the lexer"
    When the log is exported
    And the export is verified somewhere else
    Then nothing was tampered with
    When somebody writes "evil.added" for "work.added" in event 2 of the export
    And the export is verified somewhere else
    Then event 2 is found to be "changed"

  Scenario: Events of finished work go into an archive and those of open work stay
    Given the item "Fix the parser"
    And the item "Fix the lexer"
    When "zoe" claims "Fix the parser"
    And "zoe" reports "Fix the parser"
    And the log is sealed
    And what is old is archived
    Then the log tells nothing of "Fix the parser" and the beginning of "Fix the lexer"
    When the archive is verified somewhere else
    Then nothing was tampered with
    When the log is verified
    Then nothing was tampered with

  Scenario: Without events there is no data
    When flow is asked for
    Then there is no data on "lead", "cycle", "wait" and "hand_off"
    And there is no velocity

  Scenario: A finished item shows in the figures
    Given the item "Fix the parser" with "--team red --points 3"
    When "zoe" claims "Fix the parser"
    And "zoe" reports "Fix the parser"
    And flow is asked for
    Then there is 1 sample of "lead"
    When flow is asked for the team "blue"
    Then there is no data on "lead", "cycle", "wait" and "hand_off"
