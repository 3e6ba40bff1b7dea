namespace Dpfah.Learning.Inference;

/// <summary>How pictures of one size are computed: the way of each convolution, its packed weights, and the maps between them.</summary>
internal sealed unsafe class NetworkPlan
{
    // A product of Winograd's has a matrix of weights for each point, 4 (F(4×4)) or 1.8 times (F(2×2)) the memory of the window's.
    // A lone picture must use each weight for as many tiles that computing them takes longer than reading it.
    private const int LeastTiles = 16;

    private readonly ConvolutionWeights stemWeights;
    private readonly bool hasAttention;
    private readonly int height, width;
    private readonly List<PlannedBlock> blocks = [];
    private readonly AttentionStep attention = new();
    private readonly PointBuffers buffers = new();
    private Stem? stem;
    private FeatureMaps? pooled;
    private int pictures, threads;

    /// <summary>Chooses and packs.</summary>
    /// <param name="weights">Weights.</param>
    /// <param name="height">Rows of a picture.</param>
    /// <param name="width">Pixels of a row.</param>
    public NetworkPlan(NetworkWeights weights, int height, int width)
    {
        (stemWeights, hasAttention, this.height, this.width) = (weights.Stem, weights.Attention, height, width);
        (int rows, int columns) = (Stem.PooledSide(height), Stem.PooledSide(width));
        foreach (BlockWeights block in weights.Blocks)
        {
            (rows, columns) = ((rows + block.First.Stride - 1) / block.First.Stride, (columns + block.First.Stride - 1) / block.First.Stride);
            blocks.Add(new PlannedBlock(
                Choose(block.First, rows, columns, buffers),
                Choose(block.Second, rows, columns, buffers),
                block.Shortcut is null ? null : Choose(block.Shortcut, rows, columns, buffers),
                rows,
                columns,
                block.First.Outputs));
        }
    }

    /// <summary>Whether it is for pictures of this size.</summary>
    public bool Fits(int rows, int columns) => (rows, columns) == (height, width);

    /// <summary>Takes memory for so many pictures and threads, if there is less.</summary>
    public void MakeRoom(int count, int members)
    {
        if (count <= pictures && members <= threads)
        {
            return;
        }

        (pictures, threads) = (Math.Max(count, pictures), Math.Max(members, threads));
        stem = new Stem(stemWeights, pictures, height, width, threads);
        pooled = new FeatureMaps(pictures, Stem.PooledSide(height), Stem.PooledSide(width), stemWeights.Outputs);
        FeatureMaps stage = pooled;
        FeatureMaps? spare = null;
        foreach (PlannedBlock block in blocks)
        {
            spare = block.TakeMaps(pictures, stage, spare);
            stage = block.Output!;
        }
    }

    /// <summary>Runs pictures, at most as many as there is room for.</summary>
    /// <param name="output">What is wanted.</param>
    /// <param name="count">How many.</param>
    /// <param name="images">Their values, (pictures, 3, H, W).</param>
    /// <param name="results">Takes what is wanted.</param>
    /// <param name="team">Shares the work.</param>
    public void Run(NetworkOutput output, int count, float* images, float* results, ThreadTeam team)
    {
        stem!.Apply(count, images, pooled!, team);
        if (output == NetworkOutput.PooledMaps)
        {
            pooled!.CopyPlanes(count, results);
            return;
        }

        if (hasAttention)
        {
            attention.Apply(count, pooled!, team);
        }

        foreach (PlannedBlock block in blocks)
        {
            block.Apply(count, team);
        }

        FeatureMaps last = blocks[^1].Output!;
        if (output == NetworkOutput.LastMaps)
        {
            last.CopyPlanes(count, results);
        }
        else
        {
            last.CopyMeans(count, results);
        }
    }

    /// <summary>Chooses the way of a convolution, and packs its weights for it.</summary>
    /// <param name="shape">The convolution.</param>
    /// <param name="rows">Rows of its output.</param>
    /// <param name="columns">Pixels of a row of its output.</param>
    /// <param name="buffers">For what it keeps between its steps.</param>
    internal static IConvolution Choose(ConvolutionWeights shape, int rows, int columns, PointBuffers buffers) =>
        shape is not { Side: 3, Stride: 1 } ? new DirectConvolution(shape)
        : Tiles<MinimalFilter4>(rows, columns) >= LeastTiles ? new MinimalConvolution<MinimalFilter4>(shape, buffers)
        : Tiles<MinimalFilter2>(rows, columns) >= LeastTiles ? new MinimalConvolution<MinimalFilter2>(shape, buffers)
        : new DirectConvolution(shape);

    private static int Tiles<TFilter>(int rows, int columns)
        where TFilter : struct, IMinimalFilter =>
        (rows + TFilter.Outputs - 1) / TFilter.Outputs * ((columns + TFilter.Outputs - 1) / TFilter.Outputs);
}
