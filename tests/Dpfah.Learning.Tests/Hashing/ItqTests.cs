using System.Text.Json;
using Dpfah.Learning.Hashing;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Tests.Hashing;

public sealed class ItqTests : IDisposable
{
    private static readonly JsonElement Reference = ReferenceFile.Read("Hashing/itq.json");
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    [Fact]
    public void Principal_directions_are_the_reference_s()
    {
        (Tensor mean, Tensor directions) = HashFitting.PrincipalDirections(Expected("features"), Bits);

        ReferenceTensor.AssertNear(Expected("mean"), mean, 1e-10);
        ReferenceTensor.AssertNear(Expected("directions"), directions, 1e-9);
    }

    [Fact]
    public void Rotation_and_errors_are_the_reference_s()
    {
        Tensor projected = (Expected("features") - Expected("mean")).mm(Expected("directions").T);

        (Tensor rotation, IReadOnlyList<double> errors) = Itq.Rotate(projected, Expected("start"), Iterations);

        ReferenceTensor.AssertNear(Expected("rotation"), rotation, 1e-9);
        Assert.Equal(2 * Iterations, errors.Count);
        Assert.All(errors.Zip(Expected("errors").data<double>().ToArray()), pair => Assert.Equal(pair.Second, pair.First, 1e-6));
    }

    [Fact]
    public void Layer_folds_rotation_and_centre_into_weight_and_bias()
    {
        HashLayer layer = HashFitting.Layer(Expected("rotation").T.mm(Expected("directions")), Expected("mean"));

        ReferenceTensor.AssertNear(Expected("weight").flatten(), tensor(layer.Weight.Select(v => (double)v).ToArray()), 1e-6);
        ReferenceTensor.AssertNear(Expected("bias"), tensor(layer.Bias.Select(v => (double)v).ToArray()), 1e-5);
    }

    [Theory]
    [InlineData(200, 64, 16)]
    [InlineData(100, 32, 32)]
    [InlineData(1000, 512, 64)]
    public void Rotation_is_orthogonal_and_the_error_never_rises(int n, int features, int bits)
    {
        Tensor x = RandomFeatures(n, features);
        (Tensor mean, Tensor directions) = HashFitting.PrincipalDirections(x, bits);

        (Tensor rotation, IReadOnlyList<double> errors) =
            Itq.Rotate((x - mean).mm(directions.T), RandomProjection.OrthonormalRows(bits, bits, 1), Itq.DefaultIterations);

        ReferenceTensor.AssertNear(eye(bits, dtype: float64), rotation.T.mm(rotation), 1e-5);
        Assert.All(
            errors.Zip(errors.Skip(1)),
            pair => Assert.True(pair.Second <= pair.First * (1 + 1e-12), $"{pair.First} rose to {pair.Second}"));
        Assert.True(errors[^1] < errors[0]);
    }

    [Fact]
    public void Fitting_twice_gives_the_same_layer()
    {
        Tensor x = RandomFeatures(300, 64);
        HashLayer first = Itq.Fit(x, 32);
        HashLayer second = Itq.Fit(x, 32);

        Assert.Equal(first.Weight, second.Weight);
        Assert.Equal(first.Bias, second.Bias);
    }

    [Fact]
    public void Fitted_layer_is_balanced_around_the_mean_feature()
    {
        Tensor x = RandomFeatures(300, 64);
        float[] mean = HashFitting.Floats(x.mean([0]));

        Assert.All(Itq.Fit(x, 32).RealCode(mean), u => Assert.Equal(0, u, 1e-4));
        Assert.All(PcaHashing.Fit(x, 32).RealCode(mean), u => Assert.Equal(0, u, 1e-4));
        Assert.All(RandomProjection.Fit(x, 32).RealCode(mean), u => Assert.Equal(0, u, 1e-4));
    }

    [Theory]
    [InlineData(64, 128, 64, "(64, 128)")]
    [InlineData(100, 32, 64, "(100, 32)")]
    public void Too_few_or_too_short_features_are_refused(int n, int features, int bits, string shape)
    {
        Tensor x = RandomFeatures(n, features);
        Assert.Contains(shape, Assert.Throws<ArgumentException>(() => Itq.Fit(x, bits)).Message);
        Assert.Contains(shape, Assert.Throws<ArgumentException>(() => PcaHashing.Fit(x, bits)).Message);
        Assert.Contains(shape, Assert.Throws<ArgumentException>(() => RandomProjection.Fit(x, bits)).Message);
    }

    [Fact]
    public void Fitting_leaves_no_tensor_behind()
    {
        Tensor x = RandomFeatures(300, 256);
        long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        Itq.Fit(x, 32);
        PcaHashing.Fit(x, 32);
        RandomProjection.Fit(x, 32);
        Signature.Fit(x);

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    private static int Bits => Reference.GetProperty("bits").GetInt32();

    private static int Iterations => Reference.GetProperty("iterations").GetInt32();

    private static Tensor Expected(string name) => Reference.GetProperty(name).ToTensor();

    /// <summary>Correlated columns with a mean away from zero, as features have.</summary>
    private static Tensor RandomFeatures(int n, int features)
    {
        using Generator generator = new Generator().manual_seed(5);
        return randn([n, features], float64, generator: generator).mm(randn([features, features], float64, generator: generator)) + 2;
    }
}
