from functools import cache


def solve(data):
    sizes = data["sizes"]

    @cache
    def fewest(first, last):
        if first == last:
            return 0
        return min(
            fewest(first, middle) + fewest(middle + 1, last) + sizes[first] * sizes[middle + 1] * sizes[last + 1]
            for middle in range(first, last)
        )

    return fewest(0, len(sizes) - 2)
