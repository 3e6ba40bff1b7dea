using System.Text.Json;
using Dpfah.Learning.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Tests.Golden;

public sealed class OptimizerTests
{
    private static readonly JsonElement File = ReferenceFile.Read("golden/optim.json");

    [Theory]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.Float32)]
    public void Steps_are_those_of_the_reference(ScalarType type)
    {
        double tolerance = Golden.Tolerance(type);
        int cases = 0;
        int steps = 0;
        foreach (JsonElement golden in File.GetProperty("cases").EnumerateArray())
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor parameter = tensor(golden.GetProperty("initial").Numbers()).to_type(type).requires_grad_();
            using var optimizer = new RmsProp(
                [("p", parameter)], golden.GetProperty("lr").GetDouble(), golden.GetProperty("weight_decay").GetDouble());
            Assert.Equal(RmsProp.Smoothing, golden.GetProperty("alpha").GetDouble());
            Assert.Equal(RmsProp.Epsilon, golden.GetProperty("eps").GetDouble());
            foreach (JsonElement step in golden.GetProperty("steps").EnumerateArray())
            {
                parameter.grad = tensor(step.GetProperty("grad").Numbers()).to_type(type);
                optimizer.Step();

                string what = $"{golden.GetProperty("name").GetString()}.{steps}";
                Golden.AssertClose(step.GetProperty("value"), parameter, tolerance, $"{what}.value");
                Golden.AssertClose(step.GetProperty("square_avg"), optimizer.State["p"], tolerance, $"{what}.square_avg");
                steps++;
            }

            cases++;
        }

        Assert.Equal((2, 6), (cases, steps));
    }

    [Fact]
    public void A_parameter_without_a_gradient_stays_as_it_is()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor parameter = ones(3).requires_grad_();
        using var optimizer = new RmsProp([("p", parameter)], 0.1, 0.1);

        optimizer.Step();

        Assert.Equal([1f, 1f, 1f], parameter.data<float>().ToArray());
    }
}
