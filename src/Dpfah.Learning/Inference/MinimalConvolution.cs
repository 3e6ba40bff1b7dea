using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Dpfah.Learning.Inference;

/// <summary>A 3x3 convolution of stride 1 by Winograd's minimal filtering.</summary>
/// <typeparam name="TFilter">Which: the side of its tiles.</typeparam>
/// <remarks>
/// Three steps for a block of tiles: inputs to points (Bᵀ d B, channel by channel), at each point a product of matrices (tiles × input
/// channels by input × output channels), points to outputs (Aᵀ m A, bias, shortcut, ReLU). With each block all weights are read; the
/// block is as large as that is twice what its buffers hold. So the buffers of layers with many pixels stay in a core's second cache, and
/// the weights of layers with many channels are seldom read anew.
/// </remarks>
internal sealed unsafe class MinimalConvolution<TFilter> : IConvolution
    where TFilter : struct, IMinimalFilter
{
    // A panel of weights, once in the first cache, serves four blocks of rows at least.
    private const int LeastTiles = 4 * ProductKernel.Rows;

    private readonly ConvolutionWeights shape;
    private readonly AlignedFloats weights;                     // G g Gᵀ: [point][panel][input channel][64]
    private readonly Action<int, int, int> toPoints, multiply, fromPoints;
    private readonly PointBuffers buffers;
    private FeatureMaps input = null!, output = null!;
    private FeatureMaps? added;
    private int acrossTiles, downTiles, firstTile, tiles;
    private nint inputStride, productStride;
    private bool rectify;

    /// <summary>Transforms and packs the weights.</summary>
    /// <param name="shape">3x3, stride 1.</param>
    /// <param name="buffers">Shared with other convolutions that run before and after this one.</param>
    public MinimalConvolution(ConvolutionWeights shape, PointBuffers buffers)
    {
        (this.shape, this.buffers) = (shape with { Values = [] }, buffers);    // what is packed is not kept twice
        (toPoints, multiply, fromPoints) = (ToPoints, Multiply, FromPoints);
        weights = new AlignedFloats((nint)Points * shape.Outputs * shape.Inputs);
        Parallel.For(0, shape.Outputs / ProductKernel.Columns, panel => Pack(shape.Values, panel));
    }

    /// <inheritdoc/>
    public void Apply(int pictures, FeatureMaps from, FeatureMaps to, FeatureMaps? plus, bool relu, ThreadTeam team)
    {
        (input, output, added, rectify) = (from, to, plus, relu);
        acrossTiles = (to.Width + TFilter.Outputs - 1) / TFilter.Outputs;
        downTiles = (to.Height + TFilter.Outputs - 1) / TFilter.Outputs;
        int all = pictures * acrossTiles * downTiles;
        int most = Math.Max(LeastTiles, shape.Inputs * shape.Outputs / (2 * (shape.Inputs + shape.Outputs)));
        int blocks = (all + most - 1) / most;
        int block = (all + blocks - 1) / blocks;

        // A line more, or the points of a tile would lie at multiples of 4 KB and push one another out of the first cache.
        inputStride = ((nint)block * shape.Inputs) + AlignedFloats.Line;
        productStride = ((nint)block * shape.Outputs) + AlignedFloats.Line;
        buffers.MakeRoom(Points * inputStride, Points * productStride);
        for (firstTile = 0; firstTile < all; firstTile += block)
        {
            tiles = Math.Min(block, all - firstTile);
            team.For(tiles, toPoints);
            team.For(Points * (shape.Outputs / ProductKernel.Columns), multiply);
            team.For(tiles, fromPoints);
        }
    }

    private static int Points => TFilter.Inputs * TFilter.Inputs;

    /// <summary>G g Gᵀ of each filter of a panel, in double precision, rounded once.</summary>
    private void Pack(float[] values, int panel)
    {
        const int side = 3;
        double[,] g = TFilter.FilterTransform;
        var half = new double[TFilter.Inputs, side];            // G g
        for (int input = 0; input < shape.Inputs; input++)
        {
            for (int column = 0; column < ProductKernel.Columns; column++)
            {
                int output = (panel * ProductKernel.Columns) + column;
                ReadOnlySpan<float> filter = values.AsSpan(((output * shape.Inputs) + input) * side * side, side * side);
                for (int r = 0; r < TFilter.Inputs; r++)
                {
                    for (int c = 0; c < side; c++)
                    {
                        half[r, c] = (g[r, 0] * filter[c]) + (g[r, 1] * filter[side + c]) + (g[r, 2] * filter[(2 * side) + c]);
                    }
                }

                float* to = weights.Pointer + ((((nint)panel * shape.Inputs) + input) * ProductKernel.Columns) + column;
                for (int point = 0; point < Points; point++)
                {
                    (int r, int c) = Math.DivRem(point, TFilter.Inputs);
                    to[(nint)point * shape.Outputs * shape.Inputs] =
                        (float)((half[r, 0] * g[c, 0]) + (half[r, 1] * g[c, 1]) + (half[r, 2] * g[c, 2]));
                }
            }
        }
    }

    private void ToPoints(int thread, int first, int last)
    {
        if (Lanes.Wide)
        {
            ToPoints<Lanes512, Vector512<float>>(first, last);
        }
        else
        {
            ToPoints<Lanes256, Vector256<float>>(first, last);
        }
    }

    private void Multiply(int thread, int first, int last)
    {
        if (Lanes.Wide)
        {
            Multiply<Lanes512, Vector512<float>>(first, last);
        }
        else
        {
            Multiply<Lanes256, Vector256<float>>(first, last);
        }
    }

    private void FromPoints(int thread, int first, int last)
    {
        if (Lanes.Wide)
        {
            FromPoints<Lanes512, Vector512<float>>(first, last);
        }
        else
        {
            FromPoints<Lanes256, Vector256<float>>(first, last);
        }
    }

    private (int Picture, int Y, int X) Tile(int index)
    {
        (int picture, int tile) = Math.DivRem(firstTile + index, acrossTiles * downTiles);
        (int y, int x) = Math.DivRem(tile, acrossTiles);
        return (picture, y * TFilter.Outputs, x * TFilter.Outputs);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private void ToPoints<TLanes, TVector>(int first, int last)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        int n = TFilter.Inputs;
        TVector* half = stackalloc TVector[Points];
        int channels = shape.Inputs;
        nint pixel = channels / TLanes.Count, row = input.RowStride / TLanes.Count, point = inputStride / TLanes.Count;
        for (int tile = first; tile < last; tile++)
        {
            (int picture, int y, int x) = Tile(tile);
            var from = (TVector*)input.At(picture, y - 1, x - 1);
            var to = (TVector*)(buffers.Inputs.Pointer + ((nint)tile * channels));
            for (nint c = 0; c < pixel; c++)
            {
                for (int r = 0; r < n; r++)
                {
                    TFilter.TransformInput<TLanes, TVector>(from + c + (r * row), pixel, half + (r * n), 1);
                }

                for (int k = 0; k < n; k++)
                {
                    TFilter.TransformInput<TLanes, TVector>(half + k, n, to + c + (k * point), n * point);
                }
            }
        }
    }

    private void Multiply<TLanes, TVector>(int first, int last)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        float** rows = stackalloc float*[ProductKernel.Rows];
        float** results = stackalloc float*[ProductKernel.Rows];
        int panels = shape.Outputs / ProductKernel.Columns;
        int groups = (tiles + ProductKernel.Rows - 1) / ProductKernel.Rows;
        nint panelLength = (nint)shape.Inputs * ProductKernel.Columns;
        Ending ending = default;
        for (int item = first; item < last; item++)
        {
            (int point, int panel) = Math.DivRem(item, panels);
            float* from = buffers.Inputs.Pointer + (point * inputStride);
            float* to = buffers.Products.Pointer + (point * productStride) + (panel * ProductKernel.Columns);
            for (int group = 0; group < groups; group++)
            {
                int start = tiles * group / groups;
                int count = (tiles * (group + 1) / groups) - start;
                for (int r = 0; r < count; r++)
                {
                    rows[r] = from + ((nint)(start + r) * shape.Inputs);
                    results[r] = to + ((nint)(start + r) * shape.Outputs);
                }

                ProductKernel.Multiply<TLanes, TVector>(
                    count, rows, 1, shape.Inputs, weights.Pointer + (item * panelLength), results, ending);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private void FromPoints<TLanes, TVector>(int first, int last)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        int n = TFilter.Inputs;
        int m = TFilter.Outputs;
        TVector* half = stackalloc TVector[Points];
        TVector* whole = stackalloc TVector[Points];
        int channels = shape.Outputs;
        nint pixel = channels / TLanes.Count, point = productStride / TLanes.Count;
        fixed (float* bias = shape.Bias)
        {
            for (int tile = first; tile < last; tile++)
            {
                (int picture, int y, int x) = Tile(tile);
                int height = Math.Min(m, output.Height - y), width = Math.Min(m, output.Width - x);
                var from = (TVector*)(buffers.Products.Pointer + ((nint)tile * channels));
                var to = (TVector*)output.At(picture, y, x);
                TVector* plus = added is null ? null : (TVector*)added.At(picture, y, x);
                nint row = output.RowStride / TLanes.Count, plusRow = (added?.RowStride ?? 0) / TLanes.Count;
                for (nint c = 0; c < pixel; c++)
                {
                    for (int k = 0; k < n; k++)
                    {
                        TFilter.TransformOutput<TLanes, TVector>(from + c + (k * point), n * point, half + k, n);
                    }

                    TVector offset = TLanes.Load(bias + (c * TLanes.Count));
                    for (int r = 0; r < height; r++)
                    {
                        TFilter.TransformOutput<TLanes, TVector>(half + (r * n), 1, whole, 1);
                        for (int k = 0; k < width; k++)
                        {
                            TVector value = TLanes.Add(whole[k], offset);
                            nint at = c + (k * pixel);
                            if (plus is not null)
                            {
                                value = TLanes.Add(value, plus[at + (r * plusRow)]);
                            }

                            to[at + (r * row)] = rectify ? TLanes.Max(value, default) : value;
                        }
                    }
                }
            }
        }
    }
}
