namespace Dpfah.Learning.Figures;

/// <summary>Settings of <see cref="Tsne"/>; the defaults are those of the method, section 10.</summary>
public sealed record TsneOptions
{
    /// <summary>How many neighbours count, smoothly; above 1 and below the number of points.</summary>
    public double Perplexity { get; init; } = 30;

    /// <summary>Steps of gradient descent.</summary>
    public int Iterations { get; init; } = 1000;

    /// <summary>Steps at the start in which similarities are exaggerated and the momentum is small.</summary>
    public int ExaggerationIterations { get; init; } = 250;

    /// <summary>Factor of the similarities in these steps.</summary>
    public double Exaggeration { get; init; } = 12;

    /// <summary>Length of a step.</summary>
    public double LearningRate { get; init; } = 200;

    /// <summary>Seed of the first places.</summary>
    public ulong Seed { get; init; } = 1;
}
