"""The errors of this package."""


class VoiceError(Exception):
    """What the voice platform sent could not be used."""


class InvalidSignature(VoiceError):
    """The delivery does not prove that the platform sent it: answer 401 and keep nothing."""


class NotUnderstood(VoiceError):
    """The body is not an event that we know; the message says what it is instead."""


class TooDeep(NotUnderstood):
    """The body is JSON nested more deeply than any that the platform sends."""


class BadBase64(NotUnderstood):
    """The recording in the body is not valid base64."""
