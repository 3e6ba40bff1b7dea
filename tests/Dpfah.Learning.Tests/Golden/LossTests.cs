using System.Text.Json;
using System.Text.Json.Nodes;
using Dpfah.Golden;
using Dpfah.Learning.Losses;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Tests.Golden;

public sealed class LossTests
{
    private static readonly JsonElement File = ReferenceFile.Read("golden/losses.json");

    [Theory]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.Float32)]
    public void Values_gradients_and_state_are_those_of_the_reference(ScalarType type)
    {
        double tolerance = Golden.Tolerance(type);
        int sets = 0;
        int steps = 0;
        var methods = new HashSet<string>();
        foreach (JsonElement set in File.GetProperty("sets").EnumerateArray())
        {
            foreach (JsonElement golden in set.GetProperty("methods").EnumerateArray())
            {
                steps += Compare(set, golden, type, tolerance);
                methods.Add(golden.GetProperty("name").GetString()!);
            }

            sets++;
        }

        Assert.Equal(2, sets);
        Assert.Equal(12, methods.Count);
        Assert.Equal(2 * 12 * 2, steps);
        Assert.All(HashingMethod.All, method => Assert.Contains(method.Title, methods));
    }

    [Fact]
    public void Softplus_and_log_cosh_do_not_overflow()
    {
        JsonElement stable = File.GetProperty("stable");
        using DisposeScope scope = NewDisposeScope();
        Tensor x = tensor(stable.GetProperty("x").Numbers());

        Golden.AssertClose(stable.GetProperty("softplus"), Pairs.Softplus(x), GoldenTolerance.Float64, "softplus");
        Golden.AssertClose(stable.GetProperty("log_cosh"), Pairs.LogCosh(x), GoldenTolerance.Float64, "log_cosh");
        Assert.True(x.NumberOfElements >= 3);
        Assert.True(Pairs.Softplus(x.to_type(ScalarType.Float32)).isfinite().all().item<bool>());
    }

    private static int Compare(JsonElement set, JsonElement golden, ScalarType type, double tolerance)
    {
        using DisposeScope scope = NewDisposeScope();
        string name = golden.GetProperty("name").GetString()!;
        string what = $"{set.GetProperty("name").GetString()}.{name}.{type}";
        var shape = new LossShape(
            set.GetProperty("num_train").GetInt32(),
            set.GetProperty("bits").GetInt32(),
            set.GetProperty("classes").GetInt32(),
            set.GetProperty("name").GetString() == "multi_label",
            CPU,
            type);
        using HashingLoss loss = HashingMethod.Named(name.Split('_')[0].ToLowerInvariant()).CreateLoss(shape, Options(golden));
        JsonElement[] batches = [.. set.GetProperty("batches").EnumerateArray()];
        JsonElement[] steps = [.. golden.GetProperty("steps").EnumerateArray()];
        Assert.Equal(batches.Length, steps.Length);
        for (int i = 0; i < steps.Length; i++)
        {
            CompareStep(loss, batches[i], steps[i], shape, tolerance, $"{what}.step{i}");
        }

        CompareState(loss, golden.GetProperty("state_after"), tolerance, what);
        return steps.Length;
    }

    private static void CompareStep(
        HashingLoss loss, JsonElement batch, JsonElement step, LossShape shape, double tolerance, string what)
    {
        Tensor u = Matrix(batch.GetProperty("u"), shape.Type).requires_grad_();
        Tensor o = Matrix(batch.GetProperty("o"), shape.Type).requires_grad_();
        Tensor indices = tensor(batch.GetProperty("ind").EnumerateArray().Select(i => i.GetInt64()).ToArray());
        if (step.TryGetProperty("before", out JsonElement before))
        {
            Assert.Equal("update_B_and_W", before.GetString());
            ((DsdhLoss)loss).UpdateCodesAndClassifier();
        }

        if (step.TryGetProperty("scale", out JsonElement scale))
        {
            ((HashNetLoss)loss).Scale = scale.GetDouble();
        }

        LossValue value = loss.Compute(new LossBatch(u, o, Matrix(batch.GetProperty("y"), shape.Type), indices));
        value.Total.backward();

        AssertScalar(step.GetProperty("loss"), value.Total, tolerance, $"{what}.loss");
        Assert.Equal(step.GetProperty("parts").EnumerateObject().Select(p => p.Name), value.Parts.Select(p => p.Name));
        foreach ((string part, Tensor actual) in value.Parts)
        {
            AssertScalar(step.GetProperty("parts").GetProperty(part), actual, tolerance, $"{what}.{part}");
        }

        Golden.AssertClose(step.GetProperty("grad_u"), u.grad!, tolerance, $"{what}.grad_u");
        Golden.AssertClose(step.GetProperty("grad_o"), o.grad ?? zeros_like(o), tolerance, $"{what}.grad_o");
    }

    private static void CompareState(HashingLoss loss, JsonElement expected, double tolerance, string what)
    {
        foreach (JsonProperty state in expected.EnumerateObject())
        {
            if (loss is HashNetLoss hashNet)
            {
                Golden.AssertWithin(state.Value.GetDouble(), hashNet.Scale, GoldenTolerance.Float64, $"{what}.{state.Name}");
                continue;
            }

            Golden.AssertClose(state.Value, loss.State[state.Name], tolerance, $"{what}.{state.Name}");
        }

        int tensors = loss is HashNetLoss ? 0 : expected.EnumerateObject().Count();
        Assert.Equal(tensors, loss.State.Count);
    }

    private static JsonObject Options(JsonElement golden)
    {
        var options = new JsonObject();
        foreach (JsonProperty option in golden.GetProperty("options").EnumerateObject())
        {
            (string name, JsonNode value) = (option.Name, option.Value.GetRawText()) switch
            {
                ("bank", "false") => ("pairs", (JsonNode)"batch"),
                ("clamp", "false") => ("likelihoodInput", "identity"),
                ("p", "1") => ("p", 1),
                var other => throw new InvalidDataException($"Unknown option {other}."),
            };
            options[name] = value;
        }

        return options;
    }

    private static Tensor Matrix(JsonElement rows, ScalarType type) =>
        tensor(rows.Numbers(), [rows.GetArrayLength(), rows[0].GetArrayLength()]).to_type(type);

    private static void AssertScalar(JsonElement expected, Tensor actual, double tolerance, string what) =>
        Golden.AssertWithin(
            expected.GetDouble(), actual.to_type(ScalarType.Float64).item<double>(), tolerance * Math.Max(1, Math.Abs(expected.GetDouble())), what);
}
