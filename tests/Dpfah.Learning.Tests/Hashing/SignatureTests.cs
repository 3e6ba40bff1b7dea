using Dpfah.Core.Codes;
using Dpfah.Core.Imaging;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Hashing;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Tests.Hashing;

public sealed class SignatureTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    [Fact]
    public void Projection_has_orthonormal_rows_and_the_centre_is_the_mean()
    {
        Tensor features = Features(40);
        Signature signature = Signature.Fit(features);

        Tensor projection = tensor(signature.Projection.ToArray(), [ImageCode.SignatureBits, 512]).to(float64);
        ReferenceTensor.AssertNear(eye(ImageCode.SignatureBits, dtype: float64), projection.mm(projection.T), 1e-5);
        ReferenceTensor.AssertNear(features.mean([0]), tensor(signature.Centre.ToArray()).to(float64), 1e-6);
    }

    [Fact]
    public void Signature_holds_the_signs_of_the_projected_centred_feature()
    {
        Tensor features = Features(40);
        Signature signature = Signature.Fit(features);
        Tensor projected = (features[3] - features.mean([0])).unsqueeze(0)
            .mm(tensor(signature.Projection.ToArray(), [ImageCode.SignatureBits, 512]).to(float64).T).flatten();

        BinaryCode code = signature.Of(HashFitting.Floats(features[3]));

        double[] expected = projected.data<double>().ToArray();
        Assert.Equal(ImageCode.SignatureBits, code.Bits);
        Assert.All(Enumerable.Range(0, code.Bits), bit => Assert.Equal(expected[bit] >= 0, code[bit]));
    }

    [Fact]
    public void Another_seed_gives_another_projection()
    {
        Tensor features = Features(10);
        Assert.Equal(Signature.Fit(features).Projection, Signature.Fit(features).Projection);
        Assert.NotEqual(Signature.Fit(features).Projection, Signature.Fit(features, seed: 1).Projection);
    }

    [Fact]
    public void Near_features_have_near_signatures()
    {
        Tensor features = Features(40);
        Signature signature = Signature.Fit(features);
        BinaryCode near = signature.Of(HashFitting.Floats(features[0] + (0.05 * features[1])));
        BinaryCode far = signature.Of(HashFitting.Floats(features[1]));
        BinaryCode code = signature.Of(HashFitting.Floats(features[0]));

        Assert.InRange(code.HammingDistance(near), 0, 32);
        Assert.InRange(code.HammingDistance(far), 96, 160);
    }

    [Fact]
    public void Values_that_do_not_fit_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new Signature(new float[255 * 512], new float[512]));
        Assert.Throws<ArgumentException>(() => new Signature([.. Enumerable.Repeat(float.NaN, 256 * 512)], new float[512]));
        Assert.Throws<ArgumentException>(() => new HashLayer(new float[(8 * 512) + 1], new float[8]));
        Assert.Throws<ArgumentException>(() => new HashLayer(new float[8 * 512], [.. Enumerable.Repeat(float.PositiveInfinity, 8)]));
        Assert.ThrowsAny<ArgumentException>(() => new HashLayer(new float[8 * 512], new float[8]).RealCode(new float[511]));
    }

    private static Tensor Features(int n)
    {
        var random = new SeededRandom(11);
        return tensor(Enumerable.Range(0, n * 512).Select(_ => random.NextGaussian()).ToArray(), [n, 512]);
    }
}
