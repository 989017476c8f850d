Feature: The words of the older tool
  Scripts that were written for the older coordination tool go on working: `nexus` answers to its name, its words and its
  headings, with exit codes that are true.

  Scenario: Something is claimed, worked on and completed
    When the older tool is asked "claim bug 'Fix the parser' high platform"
    Then it answers with "SUCCESS: Claimed work item"
    When the older tool is asked "progress ID 40"
    Then it answers with "40%"
    When the older tool is asked "complete ID success 5"
    Then it answers with "Added 5 points to team platform velocity"
    When the older tool is asked "dashboard"
    Then it answers with "Completed Work Items: 1"
    And it answers with "5 velocity points"

  Scenario: Nothing is completed twice
    When the older tool is asked "claim bug 'Fix the parser'"
    And the older tool is asked "complete ID"
    And the older tool is asked "complete ID"
    Then it ends with 3 and says "CONFLICT"

  Scenario: A word that is not there yet says so
    When the older tool is asked "claude-resolve-conflicts"
    Then it ends with 2 and says "claude-resolve-conflicts"

  Scenario: An analysis is by rules, and says so
    When the older tool is asked "claim bug 'Fix the parser' high platform"
    And the older tool is asked "claude-analyze-priorities"
    Then it answers with "no model was asked"
    When the older tool is asked "claude-dashboard"
    Then it answers with "bug first"
    When the older tool is asked "claude-stream bug 0"
    Then it answers with "💡 Next:"

  Scenario: What is claimed there is seen here
    When the older tool is asked "claim feature 'Read the docs'"
    Then "work list --state leased" here shows "Read the docs"
