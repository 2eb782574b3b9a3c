def solve(data):
    weights, values = data["weights"], data["values"]

    def best(place, room):
        if place == len(weights):
            return 0
        without = best(place + 1, room)
        if weights[place] > room:
            return without
        return max(without, values[place] + best(place + 1, room - weights[place]))

    return best(0, data["capacity"])
