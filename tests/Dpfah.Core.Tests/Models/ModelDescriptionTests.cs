using System.Text.Json.Nodes;
using CsCheck;
using Dpfah.Core.Models;

namespace Dpfah.Core.Tests.Models;

public class ModelDescriptionTests
{
    private static readonly ModelDescription Sound = new()
    {
        Name = "dpfah-fashion-64",
        Method = "dpfah",
        Bits = 64,
        Classes = ["coat", "boot"],
        Backbone = new BackboneDescription("resnet18", 2, Attention: true, new string('a', 64)),
        Preprocessing = new Preprocessing(256, 224, [123.15f, 115.9f, 103.06f], [1, 1, 1]),
        Parameters = new Dictionary<string, string> { ["lambda"] = "1e-4" },
        Metrics = new Dictionary<string, double> { ["map"] = 0.868 },
    };

    [Fact]
    public void A_description_comes_back_from_its_JSON()
    {
        ModelDescription read = ModelDescription.FromJson(Sound.ToJson());
        Assert.Equivalent(Sound, read, strict: true);
        Assert.Equal(Sound.ToJson(), read.ToJson());
    }

    [Fact]
    public void Classes_parameters_and_metrics_may_be_missing()
    {
        JsonObject json = Json();
        Assert.True(json.Remove("classes") && json.Remove("parameters") && json.Remove("metrics"));
        ModelDescription read = ModelDescription.FromJson(json.ToJsonString());
        Assert.Empty(read.Classes);
        Assert.Empty(read.Parameters);
        Assert.Empty(read.Metrics);
    }

    [Theory]
    [InlineData("bits", "0")]
    [InlineData("bits", "12")]
    [InlineData("bits", "-64")]
    [InlineData("bits", "1032")]
    [InlineData("bits", "6.4")]
    [InlineData("name", "null")]
    [InlineData("method", "7")]
    [InlineData("backbone", "null")]
    [InlineData("backbone", """{"architecture":"resnet18"}""")]
    [InlineData("classes", "[null]")]
    [InlineData("classes", "[1]")]
    [InlineData("parameters", """{"lambda":null}""")]
    [InlineData("metrics", """{"map":"high"}""")]
    [InlineData("preprocessing", """{"resize":256,"crop":224,"mean":[1,2],"std":[1,1,1]}""")]
    [InlineData("preprocessing", """{"resize":256,"crop":224,"mean":[1,2,3],"std":[1,1,0]}""")]
    [InlineData("preprocessing", """{"resize":256,"crop":224,"mean":[1,2,3],"std":[1,1,-1]}""")]
    [InlineData("preprocessing", """{"resize":256,"crop":224,"mean":[1,2,1e39],"std":[1,1,1]}""")]
    [InlineData("preprocessing", """{"resize":200,"crop":224,"mean":[1,2,3],"std":[1,1,1]}""")]
    [InlineData("preprocessing", """{"resize":256,"crop":0,"mean":[1,2,3],"std":[1,1,1]}""")]
    [InlineData("preprocessing", """{"resize":1000000,"crop":1000000,"mean":[1,2,3],"std":[1,1,1]}""")]
    [InlineData("preprocessing", """{"resize":256,"crop":224,"mean":null,"std":[1,1,1]}""")]
    [InlineData("unknown", "1")]
    public void A_field_that_is_unknown_or_out_of_range_is_refused(string field, string value)
    {
        JsonObject json = Json();
        json[field] = JsonNode.Parse(value);
        Assert.Throws<InvalidDataException>(() => ModelDescription.FromJson(json.ToJsonString()));
    }

    [Theory]
    [InlineData("name")]
    [InlineData("method")]
    [InlineData("bits")]
    [InlineData("backbone")]
    [InlineData("preprocessing")]
    public void A_missing_field_is_refused(string field)
    {
        JsonObject json = Json();
        Assert.True(json.Remove(field));
        Assert.Throws<InvalidDataException>(() => ModelDescription.FromJson(json.ToJsonString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("\"\ud800\"")]
    public void Text_that_is_no_description_is_refused(string text)
    {
        Assert.Throws<InvalidDataException>(() => ModelDescription.FromJson(text));
    }

    [Fact]
    public void Altered_characters_give_a_sound_description_or_InvalidDataException()
    {
        string sound = Sound.ToJson();
        int refused = 0;
        Gen.Select(Gen.Int[0, sound.Length - 1], Gen.Char).Array[1, 3].Sample(
            changes =>
            {
                char[] text = sound.ToCharArray();
                foreach ((int position, char value) in changes)
                {
                    text[position] = value;
                }

                try
                {
                    Assert.Equal(0, ModelDescription.FromJson(new string(text)).Bits % 8);
                }
                catch (InvalidDataException)
                {
                    Interlocked.Increment(ref refused);
                }
            },
            iter: 2_000);
        Assert.InRange(refused, 500, 2_000);
    }

    private static JsonObject Json() => JsonNode.Parse(Sound.ToJson())!.AsObject();
}
