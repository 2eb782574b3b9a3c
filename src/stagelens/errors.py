"""The one exception that says "the input is wrong", apart from every fault of ours."""


class InputError(Exception):
    """Bad input or bad usage.

    The message is one sentence for the person who made the input: what is wrong, where (file, line, field)
    and how to mend it. The command line prints it without a traceback and exits with code 2.
    """
