namespace Dpfah.Learning.Inference;

/// <summary>A residual block for maps of one size, and where it finds and leaves them.</summary>
/// <param name="first">First convolution.</param>
/// <param name="second">Second convolution.</param>
/// <param name="shortcut">Convolution of the shortcut; null for the identity.</param>
/// <param name="rows">Rows of the output.</param>
/// <param name="columns">Pixels of a row of the output.</param>
/// <param name="channels">Channels of the output.</param>
internal sealed class PlannedBlock(IConvolution first, IConvolution second, IConvolution? shortcut, int rows, int columns, int channels)
{
    private FeatureMaps? input;
    private FeatureMaps? between;

    /// <summary>Output of the block: with the identity as shortcut its input, overwritten.</summary>
    public FeatureMaps? Output { get; private set; }

    /// <summary>Takes memory, of the block before if its maps have this shape.</summary>
    /// <param name="pictures">Most pictures at a time.</param>
    /// <param name="from">Output of what is before.</param>
    /// <param name="spare">Maps of that shape that are free when this block runs; null if there are none.</param>
    /// <returns>Maps of the output's shape that are free behind this block.</returns>
    public FeatureMaps TakeMaps(int pictures, FeatureMaps from, FeatureMaps? spare)
    {
        input = from;
        Output = shortcut is null ? from : new FeatureMaps(pictures, rows, columns, channels);
        between = shortcut is null && spare is not null ? spare : new FeatureMaps(pictures, rows, columns, channels);
        return between;
    }

    /// <summary>y = ReLU(second(ReLU(first(x))) + shortcut(x)).</summary>
    /// <param name="count">How many pictures.</param>
    /// <param name="team">Shares the work.</param>
    public void Apply(int count, ThreadTeam team)
    {
        first.Apply(count, input!, between!, null, relu: true, team);
        shortcut?.Apply(count, input!, Output!, null, relu: false, team);
        second.Apply(count, between!, Output!, Output, relu: true, team);
    }
}
