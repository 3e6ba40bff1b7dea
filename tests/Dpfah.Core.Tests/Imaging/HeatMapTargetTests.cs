using Dpfah.Core.Codes;
using Dpfah.Core.Imaging;

namespace Dpfah.Core.Tests.Imaging;

public sealed class HeatMapTargetTests
{
    private static readonly BinaryCode Code = BinaryCode.FromSigns([1, 1, -1, -1, 1, 1, -1, -1]);
    private static readonly BinaryCode Other = BinaryCode.FromSigns([1, -1, 1, -1, 1, -1, 1, -1]);

    [Fact]
    public void Shared_and_differing_bits_count_by_the_signs_of_the_picture_itself()
    {
        Assert.Equal([1, 0, 0, -1, 1, 0, 0, -1], HeatMapTarget.Of(Code, Other, BitGroup.Shared).BitWeights!);
        Assert.Equal([0, 1, -1, 0, 0, 1, -1, 0], HeatMapTarget.Of(Code, Other, BitGroup.Differing).BitWeights!);
    }

    [Fact]
    public void All_bits_count_by_the_signs_of_the_other_picture() =>
        Assert.Equal([1, -1, 1, -1, 1, -1, 1, -1], HeatMapTarget.Of(Code, Other, BitGroup.All).BitWeights!);

    [Fact]
    public void The_inner_product_is_the_shared_part_without_the_differing_part()
    {
        float[] realCode = [0.5f, 2, -1, -0.25f, 3, 1, -4, -2];
        double T(BitGroup group) => HeatMapTarget.Of(Code, Other, group).BitWeights!.Zip(realCode, (w, u) => (double)w * u).Sum();

        Assert.Equal(T(BitGroup.All), T(BitGroup.Shared) - T(BitGroup.Differing), 1e-12);
        Assert.True(T(BitGroup.Shared) > 0 && T(BitGroup.Differing) > 0);
    }

    [Fact]
    public void Equal_codes_differ_nowhere_and_codes_of_other_lengths_are_refused()
    {
        Assert.All(HeatMapTarget.Of(Code, Code, BitGroup.Differing).BitWeights!, weight => Assert.Equal(0, weight));
        Assert.Null(HeatMapTarget.Attention.BitWeights);
        Assert.Throws<ArgumentException>(() => HeatMapTarget.Of(Code, BinaryCode.FromBytes(new byte[2]), BitGroup.Shared));
    }
}
