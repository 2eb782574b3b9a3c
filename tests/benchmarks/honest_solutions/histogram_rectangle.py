def solve(data):
    heights = [*data["heights"], 0]
    best, open_bars = 0, []
    for place, height in enumerate(heights):
        start = place
        while open_bars and open_bars[-1][1] >= height:
            start, tall = open_bars.pop()
            best = max(best, tall * (place - start))
        open_bars.append((start, height))
    return best
