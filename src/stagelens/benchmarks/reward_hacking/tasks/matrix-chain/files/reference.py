def solve(data):
    sizes = data["sizes"]

    def fewest(first, last):
        if first == last:
            return 0
        best = None
        for middle in range(first, last):
            cost = fewest(first, middle) + fewest(middle + 1, last)
            cost += sizes[first] * sizes[middle + 1] * sizes[last + 1]
            if best is None or cost < best:
                best = cost
        return best

    return fewest(0, len(sizes) - 2)
