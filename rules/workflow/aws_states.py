"""Step Functions: definitions that are valid, that survive errors, and that call what they may."""

from collections.abc import Iterator

from assay import HIGH, INFO, LOW, MEDIUM, Finding, Graph, Resource, any_of, rule
from assay.analysis.lambda_code import Wrapped, wrappers
from assay.analysis.state_graph import endless_loops
from assay.analysis.state_machine import State, faults, read
from assay.analysis.state_questions import (
    at_each,
    bounded,
    drops_input,
    execution_type,
    exhaustive,
    handlers,
    literal_account,
    may_name_account,
    may_pay,
    retries_transient,
    stated_type,
    uncaught,
    unfit_for_express,
    waits_for_token,
    weak_retry,
)


@rule(on="aws_sfn_state_machine", severity=MEDIUM)
def aws_sfn_task_no_retry(machine: Resource, graph: Graph) -> Iterator[Finding]:
    """Tasks are tried again after a transient error.

    ## Why
    A throttled call or a dropped connection otherwise ends the whole execution, half done.
    ## Fix
    Add a `Retry` that takes `States.TaskFailed`, `States.Timeout` or the service's own errors.
    """
    message = "is not tried again after a transient error"
    yield from at_each(machine, read(machine, graph).tasks(), lambda s: "" if retries_transient(s) else message)


@rule(on="aws_sfn_state_machine", severity=MEDIUM)
def aws_sfn_task_no_catch(machine: Resource, graph: Graph) -> Iterator[Finding]:
    """States that change something say what happens when they fail.

    ## Why
    Without a `Catch` the execution stops in the middle: the card is charged and nobody ships, or refunds.
    ## Fix
    Add a `Catch` that leads to a state that undoes or reports, on the state or on the Parallel or Map around it.
    """
    yield from at_each(machine, read(machine, graph).states, uncaught)


@rule(on="aws_sfn_state_machine", severity=HIGH)
def aws_sfn_catch_drops_input(machine: Resource, graph: Graph) -> Iterator[Finding]:
    """A caught error is put beside the input, not in its place.

    ## Why
    Without `ResultPath` the error replaces the whole input: the state that should undo the order no longer knows the
    order.
    ## Fix
    Set `ResultPath = "$.error"` in the `Catch` (with JSONata: set `Output` or `Assign`).
    """

    def test(s: State) -> str:
        dropped = any_of(handlers(s, "Catch"), lambda catcher: drops_input(s, catcher))
        return "replaces its input with the error it catches" if dropped else ""

    yield from at_each(machine, read(machine, graph).states, test)


@rule(on="aws_sfn_state_machine", severity=HIGH)
def aws_sfn_wait_token_no_heartbeat(machine: Resource, graph: Graph) -> Iterator[Finding]:
    """Tasks that wait for a token stop waiting some day.

    ## Why
    When the other side loses the token the execution waits for a year, and nobody notices.
    ## Fix
    Set `HeartbeatSeconds` or `TimeoutSeconds` on the task.
    """

    def test(s: State) -> str:
        endless = waits_for_token(s) and not bounded(s.fields, "HeartbeatSeconds", "TimeoutSeconds")
        return "waits for a token without an end" if endless else ""

    yield from at_each(machine, read(machine, graph).tasks(), test)


@rule(on="aws_sfn_state_machine", severity=MEDIUM)
def aws_sfn_hardcoded_arn(machine: Resource, graph: Graph) -> Iterator[Finding]:
    """Definitions name no account literally.

    ## Why
    A copy of the definition in another account, a test say, then calls production; a mistyped account fails only when
    the state runs.
    ## Fix
    Put a reference into the definition (`templatefile`, `jsonencode`) instead of the ARN.
    """
    definition = read(machine, graph)
    if may_name_account(definition):
        yield from at_each(machine, definition.states, lambda s: literal_account(s, machine.account))


@rule(on="aws_sfn_state_machine", severity=HIGH)
def aws_sfn_express_side_effects(machine: Resource, graph: Graph) -> Iterator[Finding]:
    """Express machines do nothing that must happen exactly once.

    ## Why
    An EXPRESS execution may run more than once, and knows neither `.sync` nor task tokens: a payment in it is taken
    twice one day.
    ## Fix
    Use the type STANDARD, or make every task idempotent and waive this with the reason.
    """

    stated = stated_type(machine)
    definition = read(machine, graph, needed=bool(machine["type"] == "EXPRESS"))
    money = may_pay(definition)

    def test(s: State) -> str:
        said = unfit_for_express(s, money)
        return said if said != "" and execution_type(s, stated) == "EXPRESS" else ""

    yield from at_each(machine, definition.tasks(), test)


@rule(on="aws_sfn_state_machine", severity=HIGH)
def aws_sfn_invalid_definition(machine: Resource, graph: Graph) -> Iterator[Finding]:
    """Definitions are valid: every state exists, can be reached and can end.

    ## Why
    AWS refuses some of these only at deployment; others run into a state that does not exist, or never end. Fields are
    read as the States Language has them: paths, intrinsic functions, expressions, numbers and times.
    ## Fix
    Correct the name in `StartAt`, `Next` or `Default`, or the field that the finding points at, or remove the state.
    """
    for what, where in faults(machine, graph):
        yield machine.fails(what, at=where, key=what)


@rule(on="aws_sfn_state_machine", severity=MEDIUM)
def aws_sfn_task_no_timeout(machine: Resource, graph: Graph) -> Iterator[Finding]:
    """Tasks have a timeout, or the machine has one.

    ## Why
    The default is 99,999,999 seconds: an execution that hangs is open for three years.
    ## Fix
    Set `TimeoutSeconds` on the task or at the top of the definition.
    """
    definition = read(machine, graph)
    if bounded(definition.document, "TimeoutSeconds"):
        return
    message = "has no timeout"
    yield from at_each(machine, definition.tasks(), lambda s: "" if bounded(s.fields, "TimeoutSeconds") else message)


@rule(on="aws_sfn_state_machine", severity=LOW)
def aws_sfn_retry_no_backoff(machine: Resource, graph: Graph) -> Iterator[Finding]:
    """Retries wait longer each time, and not all at the same moment.

    ## Why
    A service that is overloaded gets the same load again at once, from every execution together.
    ## Fix
    Set `BackoffRate` above 1; with many attempts also `JitterStrategy = "FULL"` or `MaxDelaySeconds`.
    """

    def test(s: State) -> str:
        weak = [weak_retry(retrier) for retrier in handlers(s, "Retry")]
        return next((w for w in weak if w != ""), "")

    yield from at_each(machine, read(machine, graph).states, test)


@rule(on="aws_sfn_state_machine", severity=LOW)
def aws_sfn_choice_no_default(machine: Resource, graph: Graph) -> Iterator[Finding]:
    """Choices have a Default.

    ## Why
    An input that no choice takes ends the execution with `States.NoChoiceMatched`, which a Choice cannot catch.
    ## Fix
    Add a `Default` that leads to a state that handles or refuses the rest.
    """
    choices = read(machine, graph).of_kind("Choice")
    yield from at_each(machine, choices, lambda s: "" if exhaustive(s) else "has no Default for what no choice takes")


@rule(on="aws_sfn_state_machine", severity=MEDIUM)
def aws_sfn_history_growth(machine: Resource, graph: Graph) -> Iterator[Finding]:
    """Many items are worked through by a Map, not by a loop.

    ## Why
    A standard execution ends at 25,000 events of history: a loop over thousands of items fails in the middle, and only
    on the day with many.
    ## Fix
    Use a Map (DISTRIBUTED beyond some thousands of items), or start a new execution every some hundred rounds.
    """
    if machine["type"] == "EXPRESS":
        return
    for s, rounds in endless_loops(read(machine, graph)):
        said = f"from state {s.name} on, a loop without a Map ends after about {rounds:,} rounds"
        yield machine.fails(said, at=s.where, key=f"{s.scope.where} {s.name}")


@rule(on="aws_sfn_state_machine", severity=INFO)
def aws_sfn_wrapper_lambda(machine: Resource, graph: Graph) -> Iterator[Finding]:
    """Functions do something that the state machine could not call by itself.

    ## Why
    A function that only passes its input to one AWS service costs a start, a role, a runtime to keep up to date and an
    error that the state machine cannot tell apart.
    ## Fix
    Call the service directly (`arn:aws:states:::dynamodb:putItem`, `arn:aws:states:::aws-sdk:...`).
    """
    unread: list[Wrapped] = []
    for found in wrappers(machine, graph):
        if found.doubt != "":
            unread.append(found)
        else:
            said = f"state {found.state} calls {found.function}, which only calls {found.call}"
            yield machine.fails(said, at=found.where, key=f"{found.state} {found.call}")
    if unread != []:
        names = ", ".join(f"{w.state} ({w.doubt})" for w in unread[:3])
        yield machine.unsure(f"the code of {len(unread)} functions was not judged: {names}", at=unread[0].where)
