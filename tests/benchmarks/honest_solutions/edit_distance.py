def solve(data):
    first, second = data["first"], data["second"]
    # Myers' bit-vector algorithm: a column of the table is two whole numbers.
    height = len(first)
    if height == 0:
        return len(second)
    where = {}
    for place, letter in enumerate(first):
        where[letter] = where.get(letter, 0) | 1 << place
    every, last = (1 << height) - 1, 1 << (height - 1)
    up, down, score = every, 0, height
    for letter in second:
        equal = where.get(letter, 0)
        diagonal = (((equal & up) + up) ^ up) | equal | down
        horizontal_up = down | ~(diagonal | up) & every
        horizontal_down = up & diagonal
        if horizontal_up & last:
            score += 1
        if horizontal_down & last:
            score -= 1
        horizontal_up = (horizontal_up << 1 | 1) & every
        horizontal_down = horizontal_down << 1 & every
        up = horizontal_down | ~(diagonal | horizontal_up) & every
        down = horizontal_up & diagonal
    return score
