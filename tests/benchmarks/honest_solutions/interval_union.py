def solve(data):
    total, reach = 0, -(10**18)
    for start, end in sorted(data["intervals"]):
        if end > reach:
            total += end - max(start, reach)
            reach = end
    return total
