using Dpfah.Learning.Inference;

namespace Dpfah.Learning.Tests.Inference;

/// <summary>Maps and weights of the sizes that trained networks have, and the plain loop in double precision.</summary>
internal static unsafe class MapFixture
{
    /// <summary>Maps of values with mean 0.2.</summary>
    public static FeatureMaps Maps(int pictures, int height, int width, int channels, int seed = 5)
    {
        var random = new Random(seed);
        var maps = new FeatureMaps(pictures, height, width, channels);
        Each(maps, pictures, (at, _) => *at = (float)((random.NextDouble() * 2) - 0.8));
        return maps;
    }

    /// <summary>Weights with which outputs are as large as inputs.</summary>
    public static ConvolutionWeights Weights(int outputs, int inputs, int side, int stride)
    {
        var random = new Random(7);
        double scale = Math.Sqrt(6.0 / (inputs * side * side));
        return new ConvolutionWeights(
            [.. Enumerable.Range(0, outputs * inputs * side * side).Select(_ => (float)(((random.NextDouble() * 2) - 1) * scale))],
            [.. Enumerable.Range(0, outputs).Select(_ => (float)(random.NextDouble() - 0.5))],
            outputs,
            inputs,
            side,
            stride);
    }

    /// <summary>Calls for each value of each picture, with its index in (pictures, H, W, C).</summary>
    public static void Each(FeatureMaps maps, int pictures, ValueAction action)
    {
        int index = 0;
        for (int picture = 0; picture < pictures; picture++)
        {
            for (int pixel = 0; pixel < maps.Pixels; pixel++)
            {
                for (int c = 0; c < maps.Channels; c++)
                {
                    action(maps.At(picture, pixel / maps.Width, pixel % maps.Width) + c, index++);
                }
            }
        }
    }

    /// <summary>All values of some pictures, (pictures, H, W, C).</summary>
    public static float[] Values(FeatureMaps maps, int pictures)
    {
        var values = new float[pictures * maps.Pixels * maps.Channels];
        Each(maps, pictures, (at, index) => values[index] = *at);
        return values;
    }

    /// <summary>Σ w · x + bias + added, then ReLU: the definition, in double precision. (pictures, H, W, C).</summary>
    public static double[] Convolve(ConvolutionWeights shape, FeatureMaps x, int pictures, FeatureMaps? added, bool relu)
    {
        int rows = (x.Height + shape.Stride - 1) / shape.Stride, columns = (x.Width + shape.Stride - 1) / shape.Stride, reach = shape.Side / 2;
        var results = new double[pictures * rows * columns * shape.Outputs];
        Parallel.For(0, pictures * rows * columns, pixel =>
        {
            (int picture, int y, int column) = (pixel / (rows * columns), pixel / columns % rows, pixel % columns);
            for (int o = 0; o < shape.Outputs; o++)
            {
                double sum = shape.Bias[o] + (added is null ? 0 : added.At(picture, y, column)[o]);
                for (int tap = 0; tap < shape.Side * shape.Side; tap++)
                {
                    int row = (y * shape.Stride) + (tap / shape.Side) - reach, at = (column * shape.Stride) + (tap % shape.Side) - reach;
                    for (int i = 0; i < shape.Inputs && row >= 0 && row < x.Height && at >= 0 && at < x.Width; i++)
                    {
                        sum += (double)x.At(picture, row, at)[i] * shape.Values[(((o * shape.Inputs) + i) * shape.Side * shape.Side) + tap];
                    }
                }

                results[(pixel * shape.Outputs) + o] = relu ? Math.Max(sum, 0) : sum;
            }
        });
        return results;
    }

    /// <summary>Largest difference, relative to the largest value.</summary>
    public static double Distance(IReadOnlyList<double> expected, IReadOnlyList<float> actual) =>
        expected.Zip(actual, (e, a) => Math.Abs(e - a)).Max() / expected.Max(Math.Abs);

    /// <summary>What to do with a value and its index.</summary>
    internal delegate void ValueAction(float* value, int index);
}
