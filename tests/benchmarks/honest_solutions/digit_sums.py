def solve(data):
    digits = [int(digit) for digit in str(data["high"])]
    # How many free ways there are to reach each sum, and the one tight beginning of the number itself.
    free, tight = {}, 0
    for digit in digits:
        after = {}
        for total, count in free.items():
            for choice in range(10):
                after[total + choice] = after.get(total + choice, 0) + count
        for choice in range(digit):
            after[tight + choice] = after.get(tight + choice, 0) + 1
        free, tight = after, tight + digit
    return free.get(data["total"], 0) + (tight == data["total"])
