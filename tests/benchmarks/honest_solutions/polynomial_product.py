def solve(data):
    # The sum over places of (i + j + 1) a_i b_j comes apart into sums over i and over j.
    first, second = data["first"], data["second"]
    whole = sum(first), sum(second)
    placed = [sum(place * number for place, number in enumerate(numbers)) for numbers in (first, second)]
    return (placed[0] * whole[1] + whole[0] * placed[1] + whole[0] * whole[1]) % 1000000007
