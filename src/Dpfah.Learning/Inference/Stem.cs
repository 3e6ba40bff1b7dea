using System.Runtime.Intrinsics;

namespace Dpfah.Learning.Inference;

/// <summary>The head of the network: 7x7 convolution of stride 2 on three planes, ReLU, 3x3 max pool of stride 2.</summary>
/// <remarks>
/// With three channels side by side, seven pixels of a row are 21 inputs in a row: the window is seven taps of depth 21. The rows
/// before the pool, the largest maps of the network, live only until the pool has taken them: three at a time for each thread.
/// </remarks>
internal sealed unsafe class Stem
{
    private const int Planes = 3;
    private const int Window = 7;
    private const int Margin = 3;
    private const int Depth = Window * Planes;
    private const int PoolTaps = 3;

    private readonly float[] bias;
    private readonly AlignedFloats weights;                     // [tap][21][64]
    private readonly Action<int, int, int> interleave, pool;
    private readonly int height, width, rows, columns;
    private readonly nint rowStride;
    private readonly AlignedFloats pixels;                      // (pictures, H + 6, W + 6, 3), in a frame of zeros
    private readonly AlignedFloats[] scratch;                   // for each thread three rows of the convolution
    private float* images;
    private FeatureMaps output = null!;

    /// <summary>Packs the weights for pictures of one size.</summary>
    /// <param name="shape">64 outputs, 3 inputs, 7x7, stride 2.</param>
    /// <param name="pictures">Most pictures at a time.</param>
    /// <param name="height">Rows of a picture.</param>
    /// <param name="width">Pixels of a row.</param>
    /// <param name="threads">Threads of the team.</param>
    public Stem(ConvolutionWeights shape, int pictures, int height, int width, int threads)
    {
        (this.height, this.width, bias) = (height, width, shape.Bias);
        (rows, columns) = ((height + 1) / 2, (width + 1) / 2);
        (interleave, pool) = (Interleave, Pool);
        rowStride = (nint)(width + (2 * Margin)) * Planes;
        pixels = new AlignedFloats(pictures * (height + (2 * Margin)) * rowStride);

        // A pixel more at each end: the pool's window may stand over the edge.
        scratch = [.. Enumerable.Range(0, threads).Select(_ => new AlignedFloats((nint)PoolTaps * (columns + 2) * ProductKernel.Columns))];
        weights = new AlignedFloats((nint)Window * Depth * ProductKernel.Columns);
        float* to = weights.Pointer;
        for (int step = 0; step < Window * Depth; step++)
        {
            (int tap, int c) = Math.DivRem(step, Planes);       // tap of 49
            for (int o = 0; o < ProductKernel.Columns; o++)
            {
                *to++ = shape.Values[(((o * Planes) + c) * Window * Window) + tap];
            }
        }
    }

    /// <summary>Rows of the pooled map of a picture with so many.</summary>
    public static int PooledSide(int side) => ((side + 1) / 2 + 1) / 2;

    /// <summary>From pictures to pooled maps.</summary>
    /// <param name="count">How many pictures.</param>
    /// <param name="from">Their values, (pictures, 3, H, W).</param>
    /// <param name="to">Maps of 64 channels.</param>
    /// <param name="team">Shares the work.</param>
    public void Apply(int count, float* from, FeatureMaps to, ThreadTeam team)
    {
        images = from;
        output = to;
        team.For(count * height, interleave);
        team.For(count * to.Height, pool);
    }

    private void Interleave(int thread, int first, int last)
    {
        nint plane = (nint)height * width;
        for (int item = first; item < last; item++)
        {
            (int picture, int y) = Math.DivRem(item, height);
            float* from = images + (picture * Planes * plane) + ((nint)y * width);
            float* to = Row(picture, y + Margin) + (Margin * Planes);
            for (int x = 0; x < width; x++, to += Planes)
            {
                to[0] = from[x];
                to[1] = from[x + plane];
                to[2] = from[x + (2 * plane)];
            }
        }
    }

    private float* Row(int picture, int y) => pixels.Pointer + ((((nint)picture * (height + (2 * Margin))) + y) * rowStride);

    private void Pool(int thread, int first, int last)
    {
        if (Lanes.Wide)
        {
            Pool<Lanes512, Vector512<float>>(thread, first, last);
        }
        else
        {
            Pool<Lanes256, Vector256<float>>(thread, first, last);
        }
    }

    private void Pool<TLanes, TVector>(int thread, int first, int last)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        int kept = -1;                                          // the last row that the scratch holds, of the picture before it
        int keptPicture = -1;
        nint slot = (nint)(columns + 2) * ProductKernel.Columns;
        for (int item = first; item < last; item++)
        {
            (int picture, int y) = Math.DivRem(item, output.Height);
            int top = Math.Max(0, (2 * y) - 1), bottom = Math.Min(rows - 1, (2 * y) + 1);
            for (int row = picture == keptPicture ? Math.Max(top, kept + 1) : top; row <= bottom; row++)
            {
                Convolve<TLanes, TVector>(picture, row, scratch[thread].Pointer + (row % PoolTaps * slot) + ProductKernel.Columns);
            }

            (keptPicture, kept) = (picture, bottom);
            float* to = output.At(picture, y, 0);
            for (int x = 0; x < output.Width; x++)
            {
                // The frame's zeros do as well as −∞: nothing here is negative.
                float* window = scratch[thread].Pointer + ((nint)x * 2 * ProductKernel.Columns);
                for (int c = 0; c < ProductKernel.Columns; c += TLanes.Count, to += TLanes.Count)
                {
                    TVector most = default;
                    for (int row = top; row <= bottom; row++)
                    {
                        float* at = window + (row % PoolTaps * slot) + c;
                        for (int tap = 0; tap < PoolTaps; tap++)
                        {
                            most = TLanes.Max(most, TLanes.Load(at + (tap * ProductKernel.Columns)));
                        }
                    }

                    TLanes.Store(most, to);
                }
            }
        }
    }

    /// <summary>A row of the convolution and its ReLU.</summary>
    private void Convolve<TLanes, TVector>(int picture, int y, float* to)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        float** inputs = stackalloc float*[Window * ProductKernel.Rows];
        float** outputs = stackalloc float*[ProductKernel.Rows];
        int groups = (columns + ProductKernel.Rows - 1) / ProductKernel.Rows;
        fixed (float* offset = bias)
        {
            var ending = new Ending { Bias = offset, Rectify = true };
            for (int group = 0; group < groups; group++)
            {
                int start = columns * group / groups, count = (columns * (group + 1) / groups) - start;
                for (int i = 0; i < count; i++)
                {
                    outputs[i] = to + ((nint)(start + i) * ProductKernel.Columns);
                    for (int tap = 0; tap < Window; tap++)
                    {
                        inputs[(tap * ProductKernel.Rows) + i] = Row(picture, (2 * y) + tap) + ((nint)(start + i) * 2 * Planes);
                    }
                }

                ProductKernel.Multiply<TLanes, TVector>(count, inputs, Window, Depth, weights.Pointer, outputs, ending);
            }
        }
    }
}
