"""Cuts a failing script down to what it needs to fail."""

PLAIN_WORDS = ("", "1", "x", "a")


def shrink(steps, fails, tries=3000):
    """The steps, each (client, argv), without those and with plainer words than those that
    `fails(steps)` does not need. Deterministic; at the most `tries` calls of `fails`."""
    budget = [tries]

    def still_fails(some):
        budget[0] -= 1
        return budget[0] > 0 and bool(some) and fails(some)

    steps = _shortest_end(steps, still_fails)
    steps = _without_steps(steps, still_fails)
    return _with_plainer_words(steps, still_fails)


def _shortest_end(steps, still_fails):
    length = 1
    while length < len(steps):
        if still_fails(steps[-length:]):
            return steps[-length:]
        length *= 4
    return steps


def _without_steps(steps, still_fails):
    size = len(steps) // 2
    while size > 0:
        at = 0
        while at < len(steps):
            fewer = steps[:at] + steps[at + size:]
            if still_fails(fewer):
                steps = fewer
            else:
                at += size
        size //= 2
    return steps


def _with_plainer_words(steps, still_fails):
    for at in range(len(steps)):
        word = len(steps[at][1]) - 1
        while word > 0:
            client, argv = steps[at]
            choices = [argv[:word] + argv[word + 1:]]
            if argv[word] not in PLAIN_WORDS:
                choices += [argv[:word] + [plain] + argv[word + 1:] for plain in PLAIN_WORDS]
            for choice in choices:
                plainer = steps[:at] + [(client, choice)] + steps[at + 1:]
                if still_fails(plainer):
                    steps = plainer
                    break
            word -= 1
    return steps
