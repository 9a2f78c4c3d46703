#!/bin/sh
# /usr/local/bin/callspool: a command by hand, as the service's user, in the service's folder (which
# only that user may enter): callspool doctor
umask 077
exec sudo -u callspool env -C /var/lib/callspool HOME=/var/lib/callspool PYTHONDONTWRITEBYTECODE=1 \
  /opt/callspool/.venv/bin/python /opt/callspool/run.py "$@"
