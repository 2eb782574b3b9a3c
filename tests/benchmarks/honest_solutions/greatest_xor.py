def solve(data):
    best = 0
    for bit in range(max(data["numbers"]).bit_length() - 1, -1, -1):
        heads = {number >> bit for number in data["numbers"]}
        wanted = best << 1 | 1
        best = wanted if any(head ^ wanted in heads for head in heads) else wanted - 1
    return best
