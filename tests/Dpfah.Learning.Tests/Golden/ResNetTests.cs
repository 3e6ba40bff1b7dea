using System.Text.Json;
using Dpfah.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Tests.Golden;

public sealed class ResNetTests
{
    [Theory]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.Float32)]
    public void Evaluation_is_that_of_the_reference(ScalarType type) =>
        CompareForward("eval", attention: true, type);

    [Theory]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.Float32)]
    public void Evaluation_without_attention_is_that_of_the_reference(ScalarType type) =>
        CompareForward("eval_without_pfa", attention: false, type);

    [Theory]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.Float32)]
    public void Training_mode_is_that_of_the_reference(ScalarType type) =>
        CompareForward("train", attention: true, type);

    [Theory]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.Float32)]
    public void Each_stage_is_that_of_the_reference(ScalarType type)
    {
        double tolerance = Golden.NetworkTolerance(type);
        int stages = 0;
        foreach (string mode in new[] { "eval", "train" })
        {
            using DisposeScope scope = NewDisposeScope();
            using DpfahNetwork network = GoldenNetwork.Create(attention: true, type);
            network.train(mode == "train");
            JsonElement trace = GoldenNetwork.File.GetProperty(mode).GetProperty("trace");

            using Tensor maps = ((ResNet18)network.Backbone).FeatureMaps(GoldenNetwork.Input(type), (stage, output) =>
            {
                Golden.AssertDigest(trace.GetProperty(stage), output, tolerance, $"{mode}.{stage}");
                stages++;
            });
        }

        Assert.Equal(12, stages);
    }

    [Theory]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.Float32)]
    public void Loss_gradients_and_running_statistics_are_those_of_the_reference(ScalarType type)
    {
        double tolerance = Golden.NetworkTolerance(type);
        using DisposeScope scope = NewDisposeScope();
        using DpfahNetwork network = GoldenNetwork.Create(attention: true, type);
        network.train();
        JsonElement train = GoldenNetwork.File.GetProperty("train");
        JsonElement golden = train.GetProperty("dpfah");

        (_, Tensor u, Tensor o) = network.call(GoldenNetwork.Input(type));
        (Tensor loss, Tensor l1, Tensor l2, Tensor l3) = DpfahLoss(golden, u, o);
        loss.backward();

        JsonElement parts = golden.GetProperty("parts");
        Golden.AssertClose(golden.GetProperty("loss"), loss.reshape(1), tolerance, "loss");
        Golden.AssertClose(parts.GetProperty("L1"), l1.reshape(1), tolerance, "L1");
        Golden.AssertClose(parts.GetProperty("L2"), l2.reshape(1), tolerance, "L2");
        Golden.AssertClose(parts.GetProperty("L3"), l3.reshape(1), tolerance, "L3");

        // In single precision the rounding of another processor decides a ReLU or a max pool otherwise here and there: with AVX2 in place of
        // AVX-512 a gradient of the first convolution is 0.8 % off.
        double ofGradients = type == ScalarType.Float32 ? 0.02 : tolerance;
        int gradients = CompareDigests(golden.GetProperty("grads"), name => network.get_parameter(name)!.grad!, ofGradients);
        int statistics = CompareDigests(train.GetProperty("running_stats_after"), name => network.get_buffer(name)!, tolerance);
        Assert.Equal((9, 4), (gradients, statistics));
    }

    private static void CompareForward(string mode, bool attention, ScalarType type)
    {
        double tolerance = Golden.NetworkTolerance(type);
        using DisposeScope scope = NewDisposeScope();
        using DpfahNetwork network = GoldenNetwork.Create(attention, type);
        network.train(mode == "train");
        JsonElement golden = GoldenNetwork.File.GetProperty(mode);

        (Tensor feature, Tensor realCode, Tensor classScores) = network.call(GoldenNetwork.Input(type));

        Golden.AssertClose(golden.GetProperty("feature_first16"), feature[.., ..16], tolerance, "feature_first16");
        Golden.AssertClose(golden.GetProperty("feature_sum"), feature.sum(1), tolerance, "feature_sum");
        Golden.AssertClose(golden.GetProperty("hash"), realCode, tolerance, "hash");
        Golden.AssertClose(golden.GetProperty("logits"), classScores, tolerance, "logits");
    }

    /// <summary>Eq. (12)-(15) with a memory bank that has seen nothing yet (method, section 4).</summary>
    private static (Tensor All, Tensor L1, Tensor L2, Tensor L3) DpfahLoss(JsonElement golden, Tensor u, Tensor o)
    {
        const double delta = 1.1, eta = 10, zeta = 0.1;
        Tensor labels = tensor(golden.GetProperty("labels").Shape());                       // (B)
        Tensor indices = tensor(golden.GetProperty("ind").Shape());                         // (B)
        Tensor y = nn.functional.one_hot(labels, o.shape[1]).to_type(u.dtype);              // (B, c)
        long n = golden.GetProperty("num_train").GetInt64();

        Tensor f = u.clamp(-1, 1);                                                          // Eq. (2): (B, l)
        Tensor bank = zeros([n, u.shape[1]], u.dtype).index_copy(0, indices, f.detach());   // (n, l)
        Tensor bankLabels = zeros([n, o.shape[1]], u.dtype).index_copy(0, indices, y);      // (n, c)
        Tensor s = (y.matmul(bankLabels.t()) > 0).to_type(u.dtype);                         // Eq. (1): (B, n)
        Tensor theta = f.matmul(bank.t()) / 2;                                              // (B, n)
        Tensor l1 = (nn.functional.softplus(theta) - (s * theta)).mean();                   // Eq. (12)
        Tensor l2 = ((-delta - u).relu() + (u - delta).relu()).mean();                      // Eq. (13)
        Tensor l3 = nn.functional.cross_entropy(o, labels);                                 // Eq. (14)
        return (l1 + (eta * l2) + (zeta * l3), l1, l2, l3);                                 // Eq. (15)
    }

    private static int CompareDigests(JsonElement golden, Func<string, Tensor> find, double tolerance)
    {
        int count = 0;
        foreach (JsonProperty digest in golden.EnumerateObject())
        {
            Golden.AssertDigest(digest.Value, find(GoldenNetwork.NameOf(digest.Name)), tolerance, digest.Name);
            count++;
        }

        return count;
    }
}
