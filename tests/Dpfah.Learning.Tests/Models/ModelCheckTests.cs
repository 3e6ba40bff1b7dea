using System.Text;
using Dpfah.Core.Models;
using Dpfah.Learning.Encoders;

namespace Dpfah.Learning.Tests.Models;

/// <summary>The files of the bundled model, whole and damaged in one place.</summary>
public sealed class ModelCheckTests
{
    private readonly byte[] head = File.ReadAllBytes(FashionModel.Files.HeadPath);
    private readonly byte[] backbone = File.ReadAllBytes(FashionModel.Files.BackbonePath);

    [Fact]
    public void A_sound_model_is_read()
    {
        (ModelDescription description, string digest) = Read();
        Assert.Equal(("dpfah-fashion-mnist-64", 64), (description.Name, description.Bits));
        Assert.Matches("^[0-9a-f]{64}$", digest);
    }

    [Fact]
    public void A_value_that_is_not_finite_is_refused_by_its_tensor()
    {
        SafetensorsEntry weight = Entry(backbone, "layer3.0.conv1.weight");
        Assert.Equal("F16", weight.DType);
        (backbone[weight.Offset + 100], backbone[weight.Offset + 101]) = (0, 0x7E); // NaN
        AssertRefused("The tensor 'layer3.0.conv1.weight' of the model's backbone has a value that is not finite.");
    }

    [Fact]
    public void An_infinite_value_of_the_head_is_refused()
    {
        SafetensorsEntry bias = Entry(head, "hash_layer.bias");
        Assert.Equal("F32", bias.DType);
        BitConverter.GetBytes(float.NegativeInfinity).CopyTo(head, bias.Offset + 8);
        AssertRefused("The tensor 'hash_layer.bias' of the model's head has a value that is not finite.");
    }

    [Fact]
    public void Another_shape_than_the_description_says_is_refused()
    {
        Replace(head, "\\u0022bits\\u0022:64", "\\u0022bits\\u0022:32");
        AssertRefused("expected floating-point [32");
    }

    [Fact]
    public void A_tensor_of_another_name_is_refused()
    {
        Replace(backbone, "\"layer4.1.bn2.bias\"", "\"layer4.1.bn2.bios\"");
        AssertRefused("The model's backbone lacks the tensor 'layer4.1.bn2.bias'.");
    }

    [Fact]
    public void Another_backbone_than_the_description_names_is_refused()
    {
        backbone[Entry(backbone, "conv1.weight").Offset] ^= 1;
        AssertRefused("; the model's description names ");
    }

    [Fact]
    public void Half_a_file_is_refused()
    {
        using var half = new MemoryStream(backbone, 0, backbone.Length / 2);
        using var whole = new MemoryStream(head);
        Assert.Throws<InvalidDataException>(() => ModelCheck.Read(whole, half));
    }

    private (ModelDescription Description, string HeadDigest) Read()
    {
        using var first = new MemoryStream(head);
        using var second = new MemoryStream(backbone);
        return ModelCheck.Read(first, second);
    }

    private void AssertRefused(string message) => Assert.Contains(message, Assert.Throws<InvalidDataException>(() => Read()).Message, StringComparison.Ordinal);

    private static SafetensorsEntry Entry(byte[] file, string name)
    {
        using var stream = new MemoryStream(file);
        return SafetensorsFile.Read(stream).Tensors.Single(entry => entry.Name == name);
    }

    private static void Replace(byte[] file, string from, string to)
    {
        int at = file.AsSpan().IndexOf(Encoding.UTF8.GetBytes(from));
        Assert.True(at > 0, $"There is no {from}.");
        Encoding.UTF8.GetBytes(to).CopyTo(file, at);
    }
}
