using System.Runtime.Intrinsics;

namespace Dpfah.Learning.Inference;

/// <summary>A convolution as the sum over the taps of its window: of any stride, and for maps too small for Winograd's tiles.</summary>
/// <remarks>
/// Six pixels of output by 64 channels are a block of <see cref="ProductKernel"/>, whose rows are the pixels under each tap: no copy of the
/// windows is made. All blocks of a panel come one after the other, so that its weights stay in the cache.
/// </remarks>
internal sealed unsafe class DirectConvolution : IConvolution
{
    private readonly ConvolutionWeights shape;
    private readonly AlignedFloats weights;                     // [panel][tap][input channel][64]
    private readonly Action<int, int, int> share;
    private FeatureMaps input = null!, output = null!;
    private FeatureMaps? added;
    private int groups, pixels;
    private bool rectify;

    /// <summary>Packs the weights.</summary>
    /// <param name="shape">Of any side and stride.</param>
    public DirectConvolution(ConvolutionWeights shape)
    {
        this.shape = shape with { Values = [] };                // what is packed is not kept twice
        share = Share;
        int taps = shape.Side * shape.Side;
        weights = new AlignedFloats((nint)shape.Outputs * taps * shape.Inputs);
        float* to = weights.Pointer;
        for (int panel = 0; panel < shape.Outputs; panel += ProductKernel.Columns)
        {
            for (int tap = 0; tap < taps; tap++)
            {
                for (int i = 0; i < shape.Inputs; i++)
                {
                    for (int o = panel; o < panel + ProductKernel.Columns; o++)
                    {
                        *to++ = shape.Values[(((o * shape.Inputs) + i) * taps) + tap];
                    }
                }
            }
        }
    }

    /// <inheritdoc/>
    public void Apply(int pictures, FeatureMaps from, FeatureMaps to, FeatureMaps? plus, bool relu, ThreadTeam team)
    {
        (input, output, added, rectify) = (from, to, plus, relu);
        pixels = pictures * to.Pixels;
        groups = (pixels + ProductKernel.Rows - 1) / ProductKernel.Rows;
        team.For(groups * (shape.Outputs / ProductKernel.Columns), share);
    }

    private void Share(int thread, int first, int last)
    {
        if (Lanes.Wide)
        {
            Share<Lanes512, Vector512<float>>(first, last);
        }
        else
        {
            Share<Lanes256, Vector256<float>>(first, last);
        }
    }

    private void Share<TLanes, TVector>(int first, int last)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        int taps = shape.Side * shape.Side;
        float** inputs = stackalloc float*[taps * ProductKernel.Rows];
        float** outputs = stackalloc float*[ProductKernel.Rows];
        float** others = stackalloc float*[ProductKernel.Rows];
        int reach = shape.Side / 2;
        fixed (float* bias = shape.Bias)
        {
            for (int item = first; item < last; item++)
            {
                int panel = item / groups * ProductKernel.Columns;
                int group = item % groups;
                int start = (int)((long)pixels * group / groups);
                int rows = (int)((long)pixels * (group + 1) / groups) - start;
                for (int row = 0; row < rows; row++)
                {
                    (int picture, int pixel) = Math.DivRem(start + row, output.Pixels);
                    (int y, int x) = Math.DivRem(pixel, output.Width);
                    outputs[row] = output.At(picture, y, x) + panel;
                    others[row] = added is null ? null : added.At(picture, y, x) + panel;
                    for (int tap = 0; tap < taps; tap++)
                    {
                        inputs[(tap * ProductKernel.Rows) + row] = input.At(
                            picture, (y * shape.Stride) + (tap / shape.Side) - reach, (x * shape.Stride) + (tap % shape.Side) - reach);
                    }
                }

                var ending = new Ending { Bias = bias + panel, Others = added is null ? null : others, Rectify = rectify };
                ProductKernel.Multiply<TLanes, TVector>(
                    rows, inputs, taps, shape.Inputs, weights.Pointer + ((nint)panel * taps * shape.Inputs), outputs, ending);
            }
        }
    }
}
