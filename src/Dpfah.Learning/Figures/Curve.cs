namespace Dpfah.Learning.Figures;

/// <summary>One line of a figure.</summary>
public sealed record Curve
{
    /// <summary>Takes the points of a line.</summary>
    /// <param name="name">What the legend says, such as the name of a method.</param>
    /// <param name="x">Places along the axis, in the order in which they are joined.</param>
    /// <param name="y">The value at each place.</param>
    /// <exception cref="ArgumentException">The lengths differ, or a number is NaN or infinite.</exception>
    public Curve(string name, IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        if (x.Count != y.Count)
        {
            throw new ArgumentException($"The curve {name} has {x.Count} places and {y.Count} values.", nameof(y));
        }

        for (int i = 0; i < x.Count; i++)
        {
            if (!double.IsFinite(x[i]) || !double.IsFinite(y[i]))
            {
                throw new ArgumentException($"The curve {name} has no finite number at point {i}: ({x[i]}, {y[i]}).", nameof(y));
            }
        }

        Name = name;
        X = x;
        Y = y;
    }

    /// <summary>What the legend says.</summary>
    public string Name { get; }

    /// <summary>Places along the axis.</summary>
    public IReadOnlyList<double> X { get; }

    /// <summary>The value at each place.</summary>
    public IReadOnlyList<double> Y { get; }

    /// <summary>Whether there is nothing to draw; the legend then says so.</summary>
    public bool IsMissing => X.Count == 0;

    /// <summary>A method without results: it stands in the legend as missing.</summary>
    public static Curve Missing(string name) => new(name, [], []);

    /// <summary>A curve over the places 1, 2, 3, …, such as P@N or a value an epoch.</summary>
    public static Curve FromOne(string name, IReadOnlyList<double> y)
    {
        ArgumentNullException.ThrowIfNull(y);
        return new(name, [.. Enumerable.Range(1, y.Count).Select(i => (double)i)], y);
    }

    /// <summary>Refuses values that are no share.</summary>
    /// <exception cref="ArgumentException">A value lies outside [0, 1].</exception>
    internal void ThrowUnlessShares(string what)
    {
        int outside = Y.TakeWhile(value => value is >= 0 and <= 1).Count();
        if (outside < Y.Count)
        {
            throw new ArgumentException($"{what} lies from 0 to 1; the curve {Name} has {Y[outside]} at point {outside}.");
        }
    }
}
