"""The service level objectives."""

from monitoring.objective import Objective

OBJECTIVES = (
    Objective(
        name="Intake",
        what="events",
        metric="provisioner_time_to_ledger_seconds",
        within=30,
        target=0.999,
    ),
    Objective(
        name="Accounts",
        what="students with a status that wants an account",
        metric="provisioner_time_to_account_seconds",
        within=300,
        target=0.99,
    ),
    Objective(
        name="Suspensions",
        what="suspensions",
        metric="provisioner_time_to_change_seconds",
        labels='action="suspend_account"',
        within=120,
        target=0.999,
    ),
    Objective(
        name="WelcomeMails",
        what="welcome mails",
        metric="provisioner_time_to_welcome_seconds",
        within=600,
        target=0.995,
    ),
)
