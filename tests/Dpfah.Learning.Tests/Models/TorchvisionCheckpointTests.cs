using System.Text;
using Dpfah.Learning.Models;
using Dpfah.Learning.Networks;
using TorchSharp;
using TorchSharp.PyBridge;
using static TorchSharp.torch;

namespace Dpfah.Learning.Tests.Models;

public sealed class TorchvisionCheckpointTests : IDisposable
{
    private readonly TestFolder folder = new();
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose()
    {
        scope.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void A_state_dict_of_resnet18_becomes_a_backbone()
    {
        using var network = new ResNet18(attention: true);
        network.eval();
        Dictionary<string, Tensor> stateDict = StateDict(network);
        stateDict["bn1.bias"] = stateDict["bn1.bias"].to_type(ScalarType.Float64);
        string file = Pickle(stateDict);

        string digest = TorchvisionCheckpoint.Convert(file, folder.File("backbone.safetensors"));

        using ResNet18 read = BackboneFile.Load(folder.File("backbone.safetensors"), attention: true);
        Tensor images = ones(1, 3, 64, 64);
        Assert.Equal(122, stateDict.Count);
        Assert.True(network.call(images).Equals(read.call(images)));
        Assert.Equal(BackboneFile.Save(network, folder.File("direct.safetensors")), digest);
    }

    [Fact]
    public void Another_network_is_refused_by_the_names_of_its_tensors()
    {
        using var network = new ResNet18(attention: true);
        Dictionary<string, Tensor> stateDict = StateDict(network);
        stateDict.Remove("layer1.0.conv1.weight");
        stateDict["layer1.2.conv1.weight"] = ones(1);
        stateDict["conv1.weight"] = ones(64, 1, 7, 7);

        InvalidDataException error = Refused(Pickle(stateDict));

        Assert.Equal(
            "model.pth does not fit the network: 'layer1.0.conv1.weight' is missing; 'layer1.2.conv1.weight' is not expected; "
            + "'conv1.weight' has the shape [64, 1, 7, 7], expected [64, 3, 7, 7].",
            error.Message);
    }

    [Theory]
    [InlineData("a text")]
    [InlineData("PK\u0003\u0004 that is no archive")]
    [InlineData("")]
    public void What_is_no_state_dict_is_refused_with_advice(string content)
    {
        string file = folder.File("model.pth");
        File.WriteAllText(file, content, Encoding.Latin1);

        Assert.Contains("torch.save(model.state_dict(), file)", Refused(file).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_named() =>
        Assert.Throws<FileNotFoundException>(() => TorchvisionCheckpoint.Convert(folder.File("none.pth"), folder.File("out")));

    private static Dictionary<string, Tensor> StateDict(ResNet18 network)
    {
        Dictionary<string, Tensor> stateDict = network.state_dict();
        stateDict["fc.weight"] = ones(1000, 512);
        stateDict["fc.bias"] = ones(1000);
        return stateDict;
    }

    private string Pickle(Dictionary<string, Tensor> stateDict)
    {
        string file = folder.File("model.pth");
        PyTorchPickler.PickleStateDict(file, stateDict);
        return file;
    }

    private InvalidDataException Refused(string file)
    {
        InvalidDataException error = Assert.Throws<InvalidDataException>(
            () => TorchvisionCheckpoint.Convert(file, folder.File("out.safetensors")));
        Assert.False(File.Exists(folder.File("out.safetensors")));
        return error;
    }
}
