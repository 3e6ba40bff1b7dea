namespace Dpfah.Learning.Figures;

/// <summary>One pair of axes with its curves.</summary>
/// <param name="XLabel">Name and unit of the axis below.</param>
/// <param name="YLabel">Name and unit of the axis on the left.</param>
/// <param name="Curves">Drawn in order, emphasised ones last.</param>
internal sealed record Panel(string XLabel, string YLabel, IReadOnlyList<Curve> Curves)
{
    /// <summary>Ends of the axis below; from the data if not given.</summary>
    public (double Low, double High)? XRange { get; init; }

    /// <summary>Ends of the axis on the left; round numbers around the data if not given.</summary>
    public (double Low, double High)? YRange { get; init; }

    /// <summary>The only ticks of the axis below; ScottPlot's choice if not given.</summary>
    public IReadOnlyList<(double Place, string Text)>? XTicks { get; init; }

    /// <summary>Whether the axis below counts: its ticks are whole numbers.</summary>
    public bool WholeX { get; init; }

    /// <summary>Markers of one curve at most; a curve with more points has them at equal distances along the axis.</summary>
    public int Markers { get; init; } = 11;
}
