def solve(data):
    first, second = data["first"], data["second"]
    # Bit-parallel: a zero bit is a place where the row of the table grows by one.
    where = {}
    for place, letter in enumerate(first):
        where[letter] = where.get(letter, 0) | 1 << place
    every = (1 << len(first)) - 1
    row = every
    for letter in second:
        match = row & where.get(letter, 0)
        row = ((row + match) | (row - match)) & every
    return len(first) - row.bit_count()
