"""What memory derives from an event, kept before the event's file goes."""

from pathlib import Path

from processor.apply import derive_alone
from processor.kept import write_kept
from processor.retention.carry_out import Keep, NotKept
from spool.format import Receipt
from voice.rules import Rules


def keeping(root: Path, rules: Rules) -> Keep:
    """Return what keeps the events of the spool at `root`, read by `rules`."""

    def keep(receipt: Receipt) -> str:
        conversation = derive_alone(root, receipt, rules=rules)
        if isinstance(conversation, str):
            raise NotKept(f"{receipt.file} stays, memory would lose it: {conversation}")
        return write_kept(root, receipt.file, conversation)

    return keep
