using System.Text.Json;
using Dpfah.Golden;
using Dpfah.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Tests.Golden;

public sealed class PfaTests
{
    private static readonly JsonElement File = ReferenceFile.Read("golden/pfa.json");

    [Fact]
    public void The_hash_gives_the_listed_values()
    {
        JsonElement listed = File.GetProperty("hash_unit");

        double[] values = HashUnit.Values(listed.GetProperty("count").GetInt64(), listed.GetProperty("seed").GetUInt32());

        Assert.Equal(listed.GetProperty("values").Numbers(), values.Select(v => double.Parse(v.ToString("G12"))));
    }

    [Theory]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.Float32)]
    public void Outputs_and_gradients_are_those_of_the_reference(ScalarType type)
    {
        double tolerance = Golden.Tolerance(type);
        int cases = 0;
        foreach (JsonElement golden in File.GetProperty("cases").EnumerateArray())
        {
            using DisposeScope scope = NewDisposeScope();
            using var attention = new ParameterFreeAttention(golden.GetProperty("lambda").GetDouble());
            (Tensor x, Tensor gradient) = Inputs(golden, type);

            Tensor output = attention.call(x);
            output.backward([gradient]);

            Compare(golden, "output", output, tolerance);
            Compare(golden, "residual_output", x + output, tolerance);
            Compare(golden, "grad_input", x.grad!, tolerance);
            cases++;
        }

        Assert.Equal(7, cases);
    }

    [Fact]
    public void Sums_over_all_neurons_are_those_of_the_reference()
    {
        JsonElement golden = File.GetProperty("cases").EnumerateArray().Single(c => c.TryGetProperty("indices", out _));
        using DisposeScope scope = NewDisposeScope();
        using var attention = new ParameterFreeAttention();
        (Tensor x, Tensor gradient) = Inputs(golden, ScalarType.Float64);

        Tensor output = attention.call(x);
        output.backward([gradient]);

        double tolerance = GoldenTolerance.Float64 * golden.GetProperty("output_abs_sum").GetDouble();
        AssertSum("output_abs_sum", output.abs());
        AssertSum("output_sum", output);
        AssertSum("grad_input_sum", x.grad!);

        void AssertSum(string name, Tensor values) =>
            Golden.AssertWithin(golden.GetProperty(name).GetDouble(), values.sum().item<double>(), tolerance, name);
    }

    [Theory]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    public void Half_precision_is_computed_in_float32(ScalarType type)
    {
        using DisposeScope scope = NewDisposeScope();
        using var attention = new ParameterFreeAttention();
        Tensor x = HashUnit.Fill([1, 2, 4, 4], 7, 300).to_type(type);

        Tensor output = attention.call(x);

        Assert.Equal(type, output.dtype);
        Assert.True(output.Equals(attention.call(x.to_type(ScalarType.Float32)).to_type(type)));
    }

    [Fact]
    public void Lambda_must_be_positive() => Assert.Throws<ArgumentOutOfRangeException>(() => new ParameterFreeAttention(0));

    private static (Tensor X, Tensor Gradient) Inputs(JsonElement golden, ScalarType type)
    {
        long[] shape = golden.GetProperty("shape").Shape();
        bool listed = !golden.TryGetProperty("indices", out _);

        // The large case lists some positions only; its note gives the rule for the whole input.
        Tensor x = listed ? tensor(golden.GetProperty("input").Numbers()).reshape(shape) : HashUnit.Fill(shape, 120, 1.7, 0.2);
        Tensor gradient = listed ? tensor(golden.GetProperty("grad_output").Numbers()).reshape(shape) : HashUnit.Fill(shape, 220);
        return (x.to_type(type).requires_grad_(), gradient.to_type(type));
    }

    private static void Compare(JsonElement golden, string name, Tensor actual, double tolerance)
    {
        Tensor flat = actual.reshape(-1);
        if (golden.TryGetProperty("indices", out JsonElement indices))
        {
            flat = flat[tensor(indices.Shape())];
        }

        Golden.AssertClose(golden.GetProperty(name), flat, tolerance, $"{golden.GetProperty("name").GetString()}.{name}");
    }
}
