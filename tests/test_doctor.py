"""`doctor`: what it says of the last backup."""

from datetime import timedelta

import pytest

from cli.doctor import check_backup
from spool.backup.backup import note_place
from spool.backup.small_files import BACKUPS_FILE
from tests.spools import RECEIVED, a_spool, calls, deliver


def a_spool_with_a_call(root):
    with a_spool(root) as spool:
        deliver(spool, *calls(1))


def test_where_nothing_is_stored_yet_there_is_nothing_to_back_up(tmp_path):
    assert check_backup(tmp_path / "spool", now=RECEIVED).verdict == "ok"
    (tmp_path / "file").write_text("no folder")
    assert check_backup(tmp_path / "file/spool", now=RECEIVED).verdict == "ok"
    with a_spool(tmp_path):
        pass
    assert check_backup(tmp_path, now=RECEIVED).verdict == "ok"


def test_calls_that_were_never_backed_up_are_a_warning_that_names_the_command(tmp_path):
    a_spool_with_a_call(tmp_path)
    check = check_backup(tmp_path, now=RECEIVED)
    assert (check.verdict, check.detail) == ("warning", "none was ever made")
    assert "run.py backup" in check.mend


@pytest.mark.parametrize(
    ("age", "verdict", "words"),
    [
        (timedelta(minutes=59), "ok", "less than an hour ago"),
        (timedelta(hours=47), "ok", "47 hours ago"),
        (timedelta(hours=49), "warning", "2 days ago"),
        (timedelta(days=400), "warning", "400 days ago"),
        (timedelta(minutes=-5), "ok", "less than an hour ago"),  # by another clock
    ],
)
def test_the_age_of_the_newest_backup_is_told_and_where_it_is(tmp_path, age, verdict, words):
    root = tmp_path / "spool"
    a_spool_with_a_call(root)
    note_place(root, tmp_path / "older", RECEIVED - timedelta(days=500))
    note_place(root, tmp_path / "newest", RECEIVED - age)
    check = check_backup(root, now=RECEIVED)
    assert (check.verdict, bool(check.mend)) == (verdict, verdict == "warning")
    assert check.detail == f"{words}, to {(tmp_path / 'newest').resolve()}"


def test_a_note_of_backups_that_cannot_be_read_is_a_problem(tmp_path):
    a_spool_with_a_call(tmp_path)
    (tmp_path / BACKUPS_FILE).mkdir()
    assert check_backup(tmp_path, now=RECEIVED).verdict == "problem"
