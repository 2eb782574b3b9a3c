"""Makes people in logs unrecognisable: e-mail addresses, phone numbers, secret keys, payment cards, IBANs.

Checksums and countries' phone numbers are libraries' work (python-stdnum, phonenumbers); the shapes of secret keys are
a table of ours. Text without an ``@``, a key's beginning or seven digits near each other costs some microseconds.
"""

from stagelens.benchmarks.user_logs.reading.redaction.redactor import Redactor

__all__ = ["Redactor"]
