"""Getting access: Anthropic's form and Marketplace agreements. Everything is shown and asked for before it is done."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import Any, Final

from rich.progress import Progress

from lambdas.model_access.verdicts import Finding, Verdict
from quarry.check import use_case_form
from quarry.check.use_case_form import UseCaseForm
from quarry.command_error import CommandError
from quarry.output import errors, print_note

# AWS says that it takes up to 15 minutes.
WAIT_SECONDS: Final = 900.0
POLL_SECONDS: Final = 10.0
_USERS: Final = {"0": "internal", "1": "external", "2": "internal and external"}

Ask = Callable[[str], bool]


@dataclass(frozen=True, kw_only=True)
class ModelEnabling:
    """Submits and accepts with the operator's credentials; the platform's roles may do neither.

    Attributes:
        bedrock: boto3's client of the control plane.
        ask: puts a question to the operator and returns whether it was answered with yes.
        form: file with Anthropic's use case form; wanted only if that is missing.
    """

    bedrock: Any
    ask: Ask
    form: Path | None

    def enable(self, findings: Iterable[Finding]) -> bool:
        """Do what the operator agrees to for these findings, wait for it, and return whether anything was done.

        Raises:
            CommandError: the form is wanted and no good one is given; it takes longer than 15 minutes.
            ClientError, BotoCoreError: AWS refused.
        """
        missing = {finding.model_id: finding.verdict for finding in findings}
        forms = [id_ for id_, verdict in missing.items() if verdict is Verdict.ANTHROPIC_FORM_MISSING]
        # Read before anything is accepted: a mistake in it shall not leave half of the work done.
        form = self._load_form() if forms else None
        done = forms if form and self._submit(form, forms) else []
        done += [id_ for id_ in missing if id_ not in forms and self._accept(id_)]
        self._wait(done)
        return bool(done)

    def _load_form(self) -> UseCaseForm:
        if self.form is None:
            raise CommandError(
                "Anthropic's use case form was never sent from this account. Write it into a file that "
                f"looks like this, and give that with --form FILE:\n\n{use_case_form.EXAMPLE}",
                exit_code=2,
            )
        return use_case_form.load(self.form)

    def _submit(self, form: UseCaseForm, model_ids: list[str]) -> bool:
        _tell(
            "\nAnthropic's use case form, once per account, goes to AWS and Anthropic:",
            f"  company         {form.companyName}, {form.companyWebsite}",
            f"  intended users  {_USERS[form.intendedUsers]}",
            f"  industry        {form.industryOption} {form.otherIndustryOption}".rstrip(),
            f"  use cases       {form.useCases}",
        )
        if not self.ask(f"Submit it, for {', '.join(model_ids)}?"):
            return False
        self.bedrock.put_use_case_for_model_access(formData=form.form_data())
        return True

    def _accept(self, model_id: str) -> bool:
        offers = self.bedrock.list_foundation_model_agreement_offers(modelId=model_id)["offers"]
        if not offers:
            _tell(f"\n{model_id}: AWS offers this account no agreement; ask AWS Support.")
            return False
        offer = offers[0]
        _tell(f"\nAgreement for {model_id}:", *_terms(offer["termDetails"]))
        if not self.ask(f"Accept it, so that {model_id} is billed at these prices when it is called?"):
            return False
        self.bedrock.create_foundation_model_agreement(offerToken=offer["offerToken"], modelId=model_id)
        return True

    def _wait(self, model_ids: list[str]) -> None:
        """Wait until AWS has made what was asked for."""
        pending = list(model_ids)
        waited = 0.0
        with Progress(console=errors, transient=True) as progress:
            task = progress.add_task("Waiting for AWS", total=len(pending))
            while pending:
                pending = [id_ for id_ in pending if self._agreement(id_) == "PENDING"]
                progress.update(task, completed=len(model_ids) - len(pending))
                if pending and waited >= WAIT_SECONDS:
                    raise CommandError(
                        f"Still pending after {WAIT_SECONDS / 60:.0f} minutes: {', '.join(pending)}. Run `quarry "
                        "check` again later."
                    )
                if pending:
                    sleep(POLL_SECONDS)
                    waited += POLL_SECONDS

    def _agreement(self, model_id: str) -> str:
        reply = self.bedrock.get_foundation_model_availability(modelId=model_id)
        return str(reply["agreementAvailability"]["status"])


def _terms(details: dict[str, Any]) -> list[str]:
    """Return an agreement's terms and prices, a line each."""
    lines = [f"  terms   {details.get('legalTerm', {}).get('url') or 'AWS gave no address'}"]
    refund = details.get("supportTerm", {}).get("refundPolicyDescription")
    lines += [f"  refund  {refund}"] if refund else []
    duration = details.get("validityTerm", {}).get("agreementDuration")
    lines += [f"  lasts   {duration}"] if duration else []
    card = details.get("usageBasedPricingTerm", {}).get("rateCard", [])
    lines += [
        f"  price   {rate.get('price', '?')} USD per {rate.get('unit') or 'unit'}: "
        f"{rate.get('description') or rate.get('dimension', '')}"
        for rate in card
    ]
    return lines if card else [*lines, "  price   AWS gave no rate card: see aws.amazon.com/bedrock/pricing"]


def _tell(*lines: str) -> None:
    for line in lines:
        print_note(line)
