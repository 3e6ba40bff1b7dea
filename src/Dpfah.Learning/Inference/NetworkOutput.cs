namespace Dpfah.Learning.Inference;

/// <summary>What is taken out of a network.</summary>
internal enum NetworkOutput
{
    /// <summary>The feature of each picture, the mean of its last maps: (pictures, 512).</summary>
    Features,

    /// <summary>The last maps: (pictures, 512, ⌈H/32⌉, ⌈W/32⌉).</summary>
    LastMaps,

    /// <summary>The maps after the max pool, before the attention: (pictures, 64, ⌈H/4⌉, ⌈W/4⌉).</summary>
    PooledMaps,
}
