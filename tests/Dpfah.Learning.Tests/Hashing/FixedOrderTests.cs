using Dpfah.Learning.Datasets;
using Dpfah.Learning.Hashing;

namespace Dpfah.Learning.Tests.Hashing;

public class FixedOrderTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(511)]
    [InlineData(512)]
    public void Dot_product_is_the_plain_loop_s_in_its_documented_order(int length)
    {
        var random = new SeededRandom(17);
        double[] a = [.. Enumerable.Range(0, length).Select(_ => random.NextGaussian())];
        double[] b = [.. Enumerable.Range(0, length).Select(_ => random.NextGaussian())];
        var sums = new double[4];
        int whole = length - (length % 4);
        for (int i = 0; i < whole; i++)
        {
            double product = a[i] * b[i];
            sums[i % 4] += product;
        }

        double expected = ((sums[0] + sums[1]) + sums[2]) + sums[3];
        for (int i = whole; i < length; i++)
        {
            double product = a[i] * b[i];
            expected += product;
        }

        // Equal to the last bit: that is the point.
        Assert.Equal(BitConverter.DoubleToInt64Bits(expected), BitConverter.DoubleToInt64Bits(FixedOrder.Dot(a, b)));
    }
}
