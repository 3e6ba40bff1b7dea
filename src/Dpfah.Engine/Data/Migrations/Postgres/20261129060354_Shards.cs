using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Dpfah.Engine.Data.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class Shards : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<int>(
                name: "replicas",
                table: "collections",
                type: "integer",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<int>(
                name: "shards",
                table: "collections",
                type: "integer",
                nullable: false,
                defaultValue: 0);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "replicas",
                table: "collections");

            migrationBuilder.DropColumn(
                name: "shards",
                table: "collections");
        }
    }
}
