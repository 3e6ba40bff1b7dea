namespace Dpfah.Learning.Inference;

/// <summary>A convolution in one of the ways to compute it.</summary>
internal interface IConvolution
{
    /// <summary>Convolution, and what follows it.</summary>
    /// <param name="pictures">How many of the pictures in the maps are computed.</param>
    /// <param name="from">Input.</param>
    /// <param name="to">Output, other memory than the input's.</param>
    /// <param name="plus">Added to the sums, of the output's shape; may be the output itself. Null for nothing.</param>
    /// <param name="relu">Whether negative results become 0.</param>
    /// <param name="team">Shares the work.</param>
    void Apply(int pictures, FeatureMaps from, FeatureMaps to, FeatureMaps? plus, bool relu, ThreadTeam team);
}
